"""SQL of work without a person: it crosses orgs only to find what is due, and names the org of all it touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import opsdash_markdown as markdown
from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_chassis.database.records import to_rows

from opsdash_tickets.access.policy import ASSIGNABLE_ROLES
from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.repository import STATE, to_ticket

_IS_ASSIGNABLE = """
SELECT EXISTS (
    SELECT FROM members WHERE org_id = $1 AND user_id = $2 AND removed_at IS NULL AND role = ANY($3::text[])
)
"""
_LOCK_ASSIGNED = f"""
SELECT {STATE} FROM tickets WHERE org_id = $1 AND assignee_id = $2 AND deleted_at IS NULL ORDER BY id FOR UPDATE
"""  # noqa: S608 - our own names
# Tickets whose time to be restored has passed, whoever they belong to.
_LOCK_EXPIRED_OF_ANY_ORG = f"""
SELECT {STATE} FROM tickets
WHERE deleted_at <= now() - make_interval(days => $1) AND deleted_at IS NOT NULL AND purged_at IS NULL
ORDER BY deleted_at LIMIT $2 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - our own names
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
# Written for its partial index, which is of the descriptions that were stored by other rules than today's.
_OUTDATED_OF_ANY_ORG = f"""
SELECT org_id, id AS ticket_id, description AS text FROM tickets WHERE renderer < {markdown.VERSION}
ORDER BY org_id, id LIMIT $1
"""  # noqa: S608 - a number
# A description that was changed meanwhile has its HTML from who changed it; one that was purged must not come back.
_STORE_HTML = """
UPDATE tickets t SET description_html = made.html, renderer = $5
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS made(org_id, ticket_id, description, html)
WHERE t.org_id = made.org_id AND t.id = made.ticket_id AND t.description = made.description
"""


@dataclass(frozen=True, slots=True)
class Outdated:
    """A description whose HTML was made by other rules than today's, or not yet."""

    org_id: UUID
    ticket_id: UUID
    text: str


async def is_assignable(connection: Connection, org_id: UUID, user_id: UUID) -> bool:
    found: bool = await connection.fetchval(_IS_ASSIGNABLE, org_id, user_id, sorted(ASSIGNABLE_ROLES))
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


async def outdated(connection: Connection, limit: int) -> list[Outdated]:
    """Of any org."""
    return to_rows(Outdated, await connection.fetch(_OUTDATED_OF_ANY_ORG, limit))


async def store_html(connection: Connection, made: Sequence[tuple[Outdated, str]]) -> None:
    rows = ((ticket.org_id, ticket.ticket_id, ticket.text, html) for ticket, html in made)
    await connection.execute(_STORE_HTML, *columns_of(rows), markdown.VERSION)
