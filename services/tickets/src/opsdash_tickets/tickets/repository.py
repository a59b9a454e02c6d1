"""SQL of tickets. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

import opsdash_markdown as markdown
from opsdash_chassis.database.pools import Connection, Record
from opsdash_chassis.database.records import to_row
from opsdash_chassis.database.unit_of_work import RECORDED, UnitOfWork
from opsdash_chassis.text import search_index
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import Category, Outcome, Priority, SlaSource, Status, TicketEvent
from opsdash_contracts.topics import TICKETS
from opsdash_markdown import Rendered
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.rows import DetailedTicket, TicketColumns

COLUMNS = tuple(field.name for field in fields(Ticket))
_FIXED = ("org_id", "id", "number", "created_by", "created_at")
_MUTABLE = tuple(name for name in COLUMNS if name not in _FIXED)
_UPDATE = f"""
WITH {RECORDED}
UPDATE tickets SET {", ".join(f"{name} = ${index}" for index, name in enumerate(_MUTABLE, start=3))},
       description_html = coalesce(${len(_MUTABLE) + 3}, description_html),
       renderer = coalesce(${len(_MUTABLE) + 4}, renderer),
       search = coalesce(${len(_MUTABLE) + 5}::text::tsvector, search),
       search_version = CASE WHEN ${len(_MUTABLE) + 5} IS NULL THEN search_version ELSE {search_index.VERSION} END
WHERE org_id = $1 AND id = $2
"""  # noqa: S608 - our own names
#: What `to_ticket` reads: not the HTML of the description, which may be long and is not the ticket's own state.
STATE = ", ".join(COLUMNS)
_LOCK = f"SELECT {STATE} FROM tickets WHERE org_id = $1 AND {{reference}} = $2 AND deleted_at IS NULL FOR UPDATE"  # noqa: S608 - texts of this module
_LOCK_BY_ID = _LOCK.format(reference="id")
_LOCK_BY_NUMBER = _LOCK.format(reference="number")
_LOCK_DELETED = f"""
SELECT {STATE} FROM tickets WHERE org_id = $1 AND {{reference}} = $2
AND deleted_at > now() - make_interval(days => $3) AND purged_at IS NULL FOR UPDATE
"""  # noqa: S608 - our own names
_LOCK_DELETED_BY_ID = _LOCK_DELETED.format(reference="id")
_LOCK_DELETED_BY_NUMBER = _LOCK_DELETED.format(reference="number")

#: The columns of `TicketColumns`.
VIEW_COLUMNS = ", ".join(f"t.{name}" for name in TicketColumns.__struct_fields__)
# Every version has its history row, so the newest says who made the last change.
_LAST_ACTOR = """
(SELECT h.actor_id FROM history h
 WHERE h.org_id = t.org_id AND h.aggregate_id = t.id AND h.aggregate_version = t.version)
"""
# HTML that was made by other rules than today's is rendered anew, and may be long.
_SHOWN = f"t.renderer IN ({markdown.UNRENDERED}, {markdown.VERSION})"
_DETAIL = f"""
SELECT {VIEW_COLUMNS}, t.description, CASE WHEN {_SHOWN} THEN t.description_html END AS description_html,
       {_LAST_ACTOR} AS updated_by
FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL
"""  # noqa: S608 - texts of this module
_DETAIL_BY_ID = f"{_DETAIL} AND t.id = $2"
_DETAIL_BY_NUMBER = f"{_DETAIL} AND t.number = $2"


async def update(
    work: UnitOfWork,
    ticket: Ticket,
    event: Event[TicketEvent],
    rendered: Rendered | None = None,
    found_by: str | None = None,
) -> None:
    """Store the next version of a locked ticket with its event.

    `rendered` when its description has changed, `found_by` when that which it is found by has.
    """
    values = (*(getattr(ticket, name) for name in _MUTABLE), *(rendered or (None, None)), found_by)
    await work.execute_with_event(_UPDATE, ticket.org_id, ticket.id, *values, event=event, topic=TICKETS)


async def lock(connection: Connection, org_id: UUID, reference: UUID | int) -> Ticket | None:
    """The living ticket, locked until the transaction ends, so that versions are given one after the other."""
    statement = _LOCK_BY_ID if isinstance(reference, UUID) else _LOCK_BY_NUMBER
    row = await connection.fetchrow(statement, org_id, reference)
    return None if row is None else to_ticket(row)


async def lock_deleted(connection: Connection, org_id: UUID, reference: UUID | int, *, days: int) -> Ticket | None:
    """A deleted ticket that can still be restored, locked."""
    row = await connection.fetchrow(
        _LOCK_DELETED_BY_ID if isinstance(reference, UUID) else _LOCK_DELETED_BY_NUMBER, org_id, reference, days
    )
    return None if row is None else to_ticket(row)


async def detail(connection: Connection, org_id: UUID, reference: UUID | int) -> DetailedTicket | None:
    return to_row(DetailedTicket, await connection.fetchrow(_detail_by(reference), org_id, reference))


async def detail_with_tenant(reader: TenantReader, reference: UUID | int) -> DetailedTicket | None:
    rows = await reader.fetch(DetailedTicket, _detail_by(reference), reference)
    return rows[0] if rows else None


def _detail_by(reference: UUID | int) -> str:
    return _DETAIL_BY_ID if isinstance(reference, UUID) else _DETAIL_BY_NUMBER


def to_ticket(row: Record) -> Ticket:
    """A row of the tickets table as the domain sees it."""
    values: dict[str, Any] = {name: row[name] for name in COLUMNS}
    source, outcome = values["sla_source"], values["sla_outcome"]
    return Ticket(
        **{
            **values,
            "status": Status(values["status"]),
            "priority": Priority(values["priority"]),
            "category": Category(values["category"]),
            "sla_source": None if source is None else SlaSource(source),
            "sla_outcome": None if outcome is None else Outcome(outcome),
        }
    )
