"""SQL of activity. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row

from opsdash_notifications.activity.model import TicketActivity

_SET_TENANT = "SELECT set_config('app.org_id', $1, true)"
_READ = """
SELECT org_id, ticket_id, number, events, last_event_type, last_event_at FROM activity
WHERE org_id = $1 AND ticket_id = $2
"""
_LOCK = f"{_READ} FOR UPDATE"
_SAVE = """
INSERT INTO activity (org_id, ticket_id, number, events, last_event_type, last_event_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (org_id, ticket_id) DO UPDATE
SET events = excluded.events, last_event_type = excluded.last_event_type, last_event_at = excluded.last_event_at
"""


async def set_tenant(connection: Connection, org_id: UUID) -> None:
    """Make the org the tenant of this transaction."""
    await connection.execute(_SET_TENANT, str(org_id))


async def read(connection: Connection, org_id: UUID, ticket_id: UUID) -> TicketActivity | None:
    return to_row(TicketActivity, await connection.fetchrow(_READ, org_id, ticket_id))


async def lock(connection: Connection, org_id: UUID, ticket_id: UUID) -> TicketActivity | None:
    """Locked until the transaction ends, if it is known."""
    return to_row(TicketActivity, await connection.fetchrow(_LOCK, org_id, ticket_id))


async def save(connection: Connection, activity: TicketActivity) -> None:
    await connection.execute(
        _SAVE,
        activity.org_id,
        activity.ticket_id,
        activity.number,
        activity.events,
        activity.last_event_type,
        activity.last_event_at,
    )
