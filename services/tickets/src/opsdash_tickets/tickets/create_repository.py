"""SQL of new tickets. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from typing import Any, Final

from opsdash_chassis.database.unit_of_work import RECORDED, UnitOfWork
from opsdash_chassis.text import search_index
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import TICKETS
from opsdash_markdown import Rendered

from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.repository import COLUMNS
from opsdash_tickets.tickets.rows import DetailedTicket, TicketColumns

_STORED: Final = (*COLUMNS, "description_html", "renderer")
_OWN: Final = tuple(name for name in TicketColumns.__struct_fields__ if name in COLUMNS)
_INSERT = f"""
WITH {RECORDED}
INSERT INTO tickets ({", ".join(_STORED)}, search, search_version)
VALUES ({", ".join(f"${place + 1}" for place in range(len(_STORED)))},
        ${len(_STORED) + 1}::text::tsvector, {search_index.VERSION})
"""  # noqa: S608 - our own names


async def insert(
    work: UnitOfWork, ticket: Ticket, rendered: Rendered, found_by: str, event: Event[TicketEvent]
) -> DetailedTicket:
    """Store a ticket whose slot has been taken, with its event and what it is found by; its detail view."""
    values = (getattr(ticket, name) for name in COLUMNS)
    await work.execute_with_event(_INSERT, *values, *rendered, found_by, event=event, topic=TICKETS)
    own: dict[str, Any] = {name: getattr(ticket, name) for name in _OWN}
    return DetailedTicket(
        **own,
        sla_breached_at=None,
        description=ticket.description,
        description_html=rendered.html,
        updated_by=ticket.created_by,
    )
