"""SQL for the SLA monitor and of the breach stamp. The monitor's questions cross orgs; each row names its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_chassis.database.records import to_row
from opsdash_chassis.database.row import Row

from opsdash_tickets.tickets.predicates import ACTIVE, BREACHED

# A ticket that somebody is changing at this moment is not judged: it is `busy`, and asked about again.
_CONFIRM_OF_ANY_ORG = f"""
WITH asked AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
    WITH ORDINALITY AS a(org_id, ticket_id, due_at, position)
), t AS (
    SELECT t.org_id, t.id, t.status, t.sla_due_at, t.deleted_at FROM tickets t
    JOIN asked a ON a.org_id = t.org_id AND a.ticket_id = t.id
    FOR SHARE OF t SKIP LOCKED
)
SELECT CASE
    WHEN t.id IS NULL AND EXISTS (
        SELECT FROM tickets b WHERE b.org_id = a.org_id AND b.id = a.ticket_id
    ) THEN 'busy'
    WHEN t.id IS NULL THEN 'unknown'
    WHEN t.deleted_at IS NOT NULL THEN 'deleted'
    WHEN NOT {ACTIVE} THEN 'finished'
    WHEN t.sla_due_at IS DISTINCT FROM a.due_at THEN 'moved'
    WHEN o.plate IS NULL OR o.plate <> ALL($4::text[]) OR o.removed_at IS NOT NULL THEN 'no_support'
    WHEN {BREACHED} THEN 'overdue'
    ELSE 'open'
END AS verdict
FROM asked a
LEFT JOIN t ON t.org_id = a.org_id AND t.id = a.ticket_id
LEFT JOIN orgs o ON o.org_id = a.org_id
ORDER BY a.position
"""  # noqa: S608 - our own predicates
_SUPPORTED_OF_ANY_ORG = """
SELECT org_id FROM orgs WHERE org_id = ANY($1::uuid[]) AND plate = ANY($2::text[]) AND removed_at IS NULL
"""
_STATE = """
SELECT org_id, id AS ticket_id, number, version, status, priority, assignee_id, created_by, created_at, updated_at,
       sla_due_at AS due_at, sla_source, resolved_at, deleted_at IS NOT NULL AS deleted
FROM tickets WHERE org_id = $1 AND id = $2
"""
# Display only: no new version, no event. A breach that is delivered late does not replace a newer one.
_STAMP = """
UPDATE tickets SET sla_breached_at = $3
WHERE org_id = $1 AND id = $2 AND (sla_breached_at IS NULL OR sla_breached_at < $3)
"""
_ACTORS = "SELECT DISTINCT actor_id FROM history WHERE org_id = $1 AND aggregate_id = $2 AND actor_id IS NOT NULL"


class TicketState(Row, frozen=True):
    """A ticket's newest version, as far as its due time is concerned."""

    org_id: UUID
    ticket_id: UUID
    number: int
    version: int
    status: str
    priority: str
    assignee_id: UUID | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    sla_source: str | None
    resolved_at: datetime | None
    deleted: bool


async def confirm(
    connection: Connection, pairs: Sequence[tuple[UUID, UUID, datetime]], *, plates: Sequence[str]
) -> list[str]:
    """A verdict for each (org, ticket, due time), in order; tickets that can be judged stay as they are meanwhile."""
    columns = columns_of(pairs) or [[], [], []]
    rows = await connection.fetch(_CONFIRM_OF_ANY_ORG, *columns, list(plates))
    return [row["verdict"] for row in rows]


async def supported(connection: Connection, org_ids: Sequence[UUID], *, plates: Sequence[str]) -> list[UUID]:
    rows = await connection.fetch(_SUPPORTED_OF_ANY_ORG, list(org_ids), list(plates))
    return [row["org_id"] for row in rows]


async def state(connection: Connection, org_id: UUID, ticket_id: UUID) -> TicketState | None:
    """A ticket's newest version, deleted ones too."""
    return to_row(TicketState, await connection.fetchrow(_STATE, org_id, ticket_id))


async def stamp_breach(connection: Connection, org_id: UUID, ticket_id: UUID, at: datetime) -> None:
    await connection.execute(_STAMP, org_id, ticket_id, at)


async def actors(connection: Connection, org_id: UUID, ticket_id: UUID) -> list[UUID]:
    """Everybody who ever changed the ticket, also those who left."""
    return [actor_id for (actor_id,) in await connection.fetch(_ACTORS, org_id, ticket_id)]
