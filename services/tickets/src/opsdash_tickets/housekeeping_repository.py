"""SQL of work without a person: it crosses orgs only to find what is due, and names the org of all it touches."""

from __future__ import annotations

from uuid import UUID

from opsdash_chassis.database import Connection

from opsdash_tickets.model import Ticket
from opsdash_tickets.repository import to_ticket

_IS_MEMBER = """
SELECT EXISTS (SELECT FROM members WHERE org_id = $1 AND user_id = $2 AND removed_at IS NULL)
"""
_LOCK_ASSIGNED = """
SELECT * FROM tickets WHERE org_id = $1 AND assignee_id = $2 AND deleted_at IS NULL ORDER BY id FOR UPDATE
"""
# The one statement that looks across orgs: tickets whose time to be restored has passed, whoever they belong to.
_LOCK_EXPIRED_OF_ANY_ORG = """
SELECT * FROM tickets
WHERE deleted_at <= now() - make_interval(days => $1) AND deleted_at IS NOT NULL AND purged_at IS NULL
ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_MARK_PURGED = "UPDATE tickets SET purged_at = now() WHERE org_id = $1 AND id = $2"
# Earlier events keep everything but the title, also inside `changes`; one without a title would not be readable. They
# are marked, so that a replay leaves them out.
_REDACT_HISTORY = """
UPDATE history SET headers = (headers::jsonb || '{"redacted": "true"}')::json, data = CASE
    WHEN data::jsonb -> 'changes' ? 'title'
    THEN jsonb_set(jsonb_set(data::jsonb, '{title}', '"[purged]"'), '{changes,title}', '{"changed": true}')::json
    ELSE jsonb_set(data::jsonb, '{title}', '"[purged]"')::json
END
WHERE org_id = $1 AND aggregate_id = $2
"""


async def is_member(connection: Connection, org_id: UUID, user_id: UUID) -> bool:
    found: bool = await connection.fetchval(_IS_MEMBER, org_id, user_id)
    return found


async def lock_assigned(connection: Connection, org_id: UUID, user_id: UUID) -> list[Ticket]:
    return [to_ticket(row) for row in await connection.fetch(_LOCK_ASSIGNED, org_id, user_id)]


async def lock_expired(connection: Connection, *, days: int, limit: int) -> list[Ticket]:
    """Deleted tickets past their time, of any org, that no other process is purging."""
    return [to_ticket(row) for row in await connection.fetch(_LOCK_EXPIRED_OF_ANY_ORG, days, limit)]


async def mark_purged(connection: Connection, org_id: UUID, ticket_id: UUID) -> None:
    await connection.execute(_MARK_PURGED, org_id, ticket_id)


async def redact_history(connection: Connection, org_id: UUID, ticket_id: UUID) -> None:
    await connection.execute(_REDACT_HISTORY, org_id, ticket_id)
