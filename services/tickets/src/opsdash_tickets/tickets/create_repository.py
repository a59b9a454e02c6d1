"""SQL of new tickets. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opsdash_chassis.database.pools import Record
from opsdash_chassis.database.unit_of_work import RECORDED, UnitOfWork
from opsdash_chassis.text.markdown import Rendered
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import TICKETS

from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.repository import COLUMNS

_STORED: Final = (*COLUMNS, "description_html", "renderer")
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
    work: UnitOfWork, ticket: Ticket, rendered: Rendered, event: Event[TicketEvent], found: Mapping[str, Any]
) -> dict[str, Any]:
    """Store a ticket whose slot has been taken, with its event; its detail view. `found` are the names it shows."""
    values = (getattr(ticket, name) for name in COLUMNS)
    (row,) = await work.execute_with_event(_INSERT, *values, *rendered, event=event, topic=TICKETS)
    return _shown(ticket, rendered, row, found)


def _shown(ticket: Ticket, rendered: Rendered, stored: Record, found: Mapping[str, Any]) -> dict[str, Any]:
    """A new ticket as its detail view has it: who made it made the last change, and nobody has left yet."""
    creator = stored["creator_name"]
    return {
        **{name: getattr(ticket, name) for name in COLUMNS},
        **found,
        "description_html": rendered.html,
        "sla_breached_at": None,
        "creator_name": creator,
        "updated_by": ticket.created_by,
        "updater_name": creator,
        **dict.fromkeys(
            ("assignee_active", "contact_active", "project_active", "creator_active", "updater_active"), True
        ),
    }
