"""SQL of a ticket's ledger. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row

_OPEN_TENANT = "SELECT set_config('app.org_id', $1, true)"
_PUBLISHED = """
SELECT event_id, event_type, occurred_at, actor_id, data FROM (
    SELECT event_id, event_type, occurred_at, actor_id, aggregate_version, data FROM history
    WHERE org_id = $1 AND aggregate_id = $2 ORDER BY aggregate_version DESC LIMIT $3
) newest ORDER BY aggregate_version
"""
_UNTOLD = """
SELECT kind, due_at, withheld_at, again_at FROM notices
WHERE org_id = $1 AND ticket_id = $2 AND (withheld_at IS NOT NULL OR again_at IS NOT NULL)
ORDER BY due_at
"""


class PublishedEvent(Row, frozen=True):
    """An SLA event; `data` is its JSON."""

    event_id: UUID
    event_type: str
    occurred_at: datetime
    actor_id: UUID | None
    data: str


class UntoldNotice(Row, frozen=True):
    """A notice that was held back at one time, or found again at another."""

    kind: str
    due_at: datetime
    withheld_at: datetime | None
    again_at: datetime | None


async def open_tenant(connection: Connection, org_id: UUID) -> None:
    """Make the org the tenant of this transaction."""
    await connection.execute(_OPEN_TENANT, str(org_id))


async def published(connection: Connection, org_id: UUID, ticket_id: UUID, *, limit: int) -> list[PublishedEvent]:
    """The ticket's newest SLA events, oldest first."""
    return to_rows(PublishedEvent, await connection.fetch(_PUBLISHED, org_id, ticket_id, limit))


async def untold(connection: Connection, org_id: UUID, ticket_id: UUID) -> list[UntoldNotice]:
    """Notices that were held back, or found again after they had been told."""
    return to_rows(UntoldNotice, await connection.fetch(_UNTOLD, org_id, ticket_id))
