"""SQL of new tickets. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from opsdash_chassis.database import Record
from opsdash_chassis.markdown import Rendered
from opsdash_chassis.unit_of_work import RECORDED, If, UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import TICKETS

from opsdash_tickets.model import Ticket
from opsdash_tickets.repository import COLUMNS

_OTHERS: Final = (
    *(name for name in COLUMNS if name not in {"org_id", "number"}),
    "description_html",
    "renderer",
)
_STORED = f"""
t AS (
    INSERT INTO tickets (org_id, number, {", ".join(_OTHERS)})
    SELECT $1, last_number, {", ".join(f"${index}" for index in range(2, len(_OTHERS) + 2))} FROM slot
    RETURNING org_id, number, created_by
),
{RECORDED}
SELECT t.number, m.name AS creator_name FROM t LEFT JOIN LATERAL (
    SELECT name FROM members WHERE org_id = t.org_id AND user_id = t.created_by AND removed_at IS NULL
    ORDER BY version DESC LIMIT 1
) m ON true
"""  # noqa: S608 - our own names
_NEXT = len(_OTHERS) + 2
_INSERT = f"WITH slot AS (SELECT ${_NEXT}::bigint AS last_number), {_STORED}"
# A transaction of its own: it enters the org, takes a place under the cap with the next number, and stores the ticket;
# nothing of it, where the count of living tickets reaches the cap or a share of it that is told. What is stored hangs
# on the slot and the slot on the entrance, so nothing runs before the tenant is set.
_INSERT_AT_ONCE = f"""
WITH inside AS MATERIALIZED (SELECT set_config('app.org_id', $1::uuid::text, true)),
slot AS (
    INSERT INTO org_counters (org_id, last_number, living_tickets) SELECT $1, 1, 1 FROM inside
    ON CONFLICT (org_id) DO UPDATE
    SET last_number = org_counters.last_number + 1, living_tickets = org_counters.living_tickets + 1
    WHERE org_counters.living_tickets < ${_NEXT} AND org_counters.living_tickets + 1 <> ALL(${_NEXT + 1}::bigint[])
    RETURNING last_number
),
{_STORED}
"""  # noqa: S608 - our own names
#: The number in an event that is made before there is one: the database puts the right one in its place.
UNNUMBERED: Final = 2**53 - 1
_WITH_A_SLOT: Final = If(
    "slot", f"""replace({{data}}, '"number":{UNNUMBERED},', '"number":' || slot.last_number || ',')"""
)


async def insert(
    work: UnitOfWork, ticket: Ticket, rendered: Rendered, event: Event[TicketEvent], found: Mapping[str, Any]
) -> dict[str, Any]:
    """Store a ticket whose slot has been taken, with its event; its detail view. `found` are the names it shows."""
    (row,) = await work.change(_INSERT, *_values(ticket, rendered), ticket.number, event=event, topic=TICKETS)
    return _shown(ticket, rendered, row, found)


async def insert_at_once(
    work: UnitOfWork,
    ticket: Ticket,
    rendered: Rendered,
    event: Event[TicketEvent],
    found: Mapping[str, Any],
    *,
    cap: int,
    told_at: Sequence[int],
) -> dict[str, Any] | None:
    """Take a slot and store the ticket with its event, by one statement outside any transaction; its detail view.

    None, and nothing is done, at a count of living tickets of which the plan has something to say.
    """
    values = (*_values(ticket, rendered), cap, told_at)
    rows = await work.change(_INSERT_AT_ONCE, *values, event=event, topic=TICKETS, only=_WITH_A_SLOT)
    return _shown(ticket, rendered, rows[0], found) if rows else None


def _values(ticket: Ticket, rendered: Rendered) -> tuple[object, ...]:
    """In the order of `_OTHERS`, which ends with what is rendered."""
    return (ticket.org_id, *(getattr(ticket, name) for name in _OTHERS[: -len(rendered)]), *rendered)


def _shown(ticket: Ticket, rendered: Rendered, stored: Record, found: Mapping[str, Any]) -> dict[str, Any]:
    """A new ticket as its detail view has it: who made it made the last change, and nobody has left yet."""
    creator = stored["creator_name"]
    return {
        **{name: getattr(ticket, name) for name in COLUMNS},
        **found,
        "number": stored["number"],
        "description_html": rendered.html,
        "sla_breached_at": None,
        "creator_name": creator,
        "updated_by": ticket.created_by,
        "updater_name": creator,
        **dict.fromkeys(
            ("assignee_active", "contact_active", "project_active", "creator_active", "updater_active"), True
        ),
    }
