"""SQL of one ticket's deadline and ledger. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from opsdash_chassis.database import Connection, Record
from opsdash_contracts.tickets import Priority, SlaSource

from opsdash_sla_monitor.model import Deadline, State, Step, TicketState

COLUMNS = tuple(field.name for field in fields(Deadline))
_FIXED = ("org_id", "ticket_id", "created_by", "created_at")
MUTABLE = tuple(name for name in COLUMNS if name not in _FIXED)

# A ticket seen for the first time gets a row of version 0; either way the row is locked until the transaction ends.
_LOCK = """
INSERT INTO deadlines (org_id, ticket_id, number, priority, created_by, created_at, since, version, sequence, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 'none')
ON CONFLICT (org_id, ticket_id) DO UPDATE SET version = deadlines.version
RETURNING *
"""
_LOCK_KNOWN = "SELECT * FROM deadlines WHERE org_id = $1 AND ticket_id = $2 FOR UPDATE"
_READ = "SELECT * FROM deadlines WHERE org_id = $1 AND ticket_id = $2"
# The announcement is sent at commit: a timer that sleeps beyond that moment wakes up, in whichever replica it is.
# What is further away than the longest interval between sweeps is found in time unannounced, and holds up no commit.
_SAVE = (
    f"WITH saved AS (UPDATE deadlines SET"  # noqa: S608 - names of our own columns
    f" {', '.join(f'{name} = ${index}' for index, name in enumerate(MUTABLE, start=3))}"
    " WHERE org_id = $1 AND ticket_id = $2 RETURNING next_at)"
    " SELECT pg_notify('deadlines', extract(epoch FROM next_at)::text) FROM saved"
    " WHERE next_at < now() + interval '61 minutes'"
)
_ENTER = "SELECT set_config('app.org_id', $1, true)"
_PUBLISHED = """
SELECT * FROM (
    SELECT event_id, event_type, occurred_at, actor_id, aggregate_version, data FROM history
    WHERE org_id = $1 AND aggregate_id = $2 ORDER BY aggregate_version DESC LIMIT $3
) newest ORDER BY aggregate_version
"""
_UNTOLD = """
SELECT kind, due_at, withheld_at, again_at FROM notices
WHERE org_id = $1 AND ticket_id = $2 AND (withheld_at IS NOT NULL OR again_at IS NOT NULL)
ORDER BY due_at
"""


async def lock(connection: Connection, ticket: TicketState) -> Deadline:
    """The ticket's row, made if there is none, locked until the transaction ends."""
    row = await connection.fetchrow(
        _LOCK, ticket.org_id, ticket.ticket_id, ticket.number, ticket.priority, ticket.created_by,
        ticket.created_at, ticket.updated_at,
    )  # fmt: skip
    assert row is not None  # noqa: S101 - the statement inserts or updates, and returns either way
    return to_deadline(row)


async def lock_known(connection: Connection, org_id: UUID, ticket_id: UUID) -> Deadline | None:
    row = await connection.fetchrow(_LOCK_KNOWN, org_id, ticket_id)
    return None if row is None else to_deadline(row)


async def read(connection: Connection, org_id: UUID, ticket_id: UUID) -> Deadline | None:
    row = await connection.fetchrow(_READ, org_id, ticket_id)
    return None if row is None else to_deadline(row)


async def save(connection: Connection, deadline: Deadline) -> None:
    values = (getattr(deadline, name) for name in MUTABLE)
    await connection.execute(_SAVE, deadline.org_id, deadline.ticket_id, *values)


async def enter_org(connection: Connection, org_id: UUID) -> None:
    """Make the org the tenant of this transaction."""
    await connection.execute(_ENTER, str(org_id))


async def published(connection: Connection, org_id: UUID, ticket_id: UUID, *, limit: int) -> list[Record]:
    """The ticket's newest SLA events, oldest first."""
    return await connection.fetch(_PUBLISHED, org_id, ticket_id, limit)


async def untold(connection: Connection, org_id: UUID, ticket_id: UUID) -> list[Record]:
    """Notices that were held back, or found again after they had been told."""
    return await connection.fetch(_UNTOLD, org_id, ticket_id)


def to_deadline(row: Record) -> Deadline:
    values: dict[str, Any] = {name: row[name] for name in COLUMNS}
    step, source = values["next_step"], values["sla_source"]
    return Deadline(
        **{
            **values,
            "priority": Priority(values["priority"]),
            "sla_source": None if source is None else SlaSource(source),
            "state": State(values["state"]),
            "next_step": None if step is None else Step(step),
        }
    )
