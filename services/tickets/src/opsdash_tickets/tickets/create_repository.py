"""SQL of new tickets. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from typing import Any, Final

from opsdash_chassis.database.unit_of_work import RECORDED, UnitOfWork
from opsdash_chassis.text.markdown import Rendered
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import TICKETS

from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.references_repository import ReferenceNames
from opsdash_tickets.tickets.repository import COLUMNS
from opsdash_tickets.tickets.rows import DetailedTicket, TicketColumns

_STORED: Final = (*COLUMNS, "description_html", "renderer")
_OWN: Final = tuple(name for name in TicketColumns.__struct_fields__ if name in COLUMNS)
_INSERT = f"""
WITH t AS (
    INSERT INTO tickets ({", ".join(_STORED)}) VALUES ({", ".join(f"${place + 1}" for place in range(len(_STORED)))})
    RETURNING org_id, created_by
),
{RECORDED}
SELECT m.name AS creator_name FROM t LEFT JOIN LATERAL (
    SELECT name FROM members WHERE org_id = t.org_id AND user_id = t.created_by AND removed_at IS NULL
    ORDER BY version DESC LIMIT 1
) m ON true
"""  # noqa: S608 - our own names


async def insert(
    work: UnitOfWork, ticket: Ticket, rendered: Rendered, event: Event[TicketEvent], names: ReferenceNames
) -> DetailedTicket:
    """Store a ticket whose slot has been taken, with its event; its detail view."""
    values = (getattr(ticket, name) for name in COLUMNS)
    (row,) = await work.execute_with_event(_INSERT, *values, *rendered, event=event, topic=TICKETS)
    return _shown(ticket, rendered, names, row["creator_name"])


def _shown(ticket: Ticket, rendered: Rendered, names: ReferenceNames, creator: str | None) -> DetailedTicket:
    """A new ticket as its detail view has it: who made it made the last change, and nobody has left yet."""
    own: dict[str, Any] = {name: getattr(ticket, name) for name in _OWN}
    return DetailedTicket(
        **own,
        sla_breached_at=None,
        assignee_name=names.assignee_name,
        assignee_active=True,
        creator_name=creator,
        creator_active=True,
        contact_name=names.contact_name,
        contact_email=names.contact_email,
        contact_active=True,
        company_id=names.company_id,
        company_name=names.company_name,
        company_active=names.company_active,
        project_name=names.project_name,
        project_active=True,
        description=ticket.description,
        description_html=rendered.html,
        updated_by=ticket.created_by,
        updater_name=creator,
        updater_active=True,
    )
