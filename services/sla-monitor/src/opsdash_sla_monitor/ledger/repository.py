"""SQL of a ticket's ledger. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection, Record

_OPEN_TENANT = "SELECT set_config('app.org_id', $1, true)"
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


async def open_tenant(connection: Connection, org_id: UUID) -> None:
    """Make the org the tenant of this transaction."""
    await connection.execute(_OPEN_TENANT, str(org_id))


async def published(connection: Connection, org_id: UUID, ticket_id: UUID, *, limit: int) -> list[Record]:
    """The ticket's newest SLA events, oldest first."""
    return await connection.fetch(_PUBLISHED, org_id, ticket_id, limit)


async def untold(connection: Connection, org_id: UUID, ticket_id: UUID) -> list[Record]:
    """Notices that were held back, or found again after they had been told."""
    return await connection.fetch(_UNTOLD, org_id, ticket_id)
