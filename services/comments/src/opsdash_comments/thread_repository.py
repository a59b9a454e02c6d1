"""SQL of what this service knows of tickets: facts from events or from their owner; the newest version wins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database import Connection

_INSERT = """
INSERT INTO threads (org_id, ticket_id, number, ticket_version, deleted_at, purged_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
# Whoever learns of a new ticket in the same moment waits here: an upsert looks for conflicts of one key only, and of
# two that run at once one may fail at the other key, the number.
_MEET = f"{_INSERT} ON CONFLICT DO NOTHING RETURNING true"
_LEARN = f"""
{_INSERT} ON CONFLICT (org_id, ticket_id) DO UPDATE
SET ticket_version = excluded.ticket_version, deleted_at = excluded.deleted_at, purged_at = excluded.purged_at
WHERE excluded.ticket_version > threads.ticket_version AND threads.purged_at IS NULL
RETURNING true
"""
_EMPTY_COMMENTS = """
UPDATE comments SET body = '', body_html = '', mentions = '{}' WHERE org_id = $1 AND ticket_id = $2
"""
_EMPTY_REVISIONS = """
DELETE FROM revisions r USING comments c
WHERE c.org_id = $1 AND r.org_id = c.org_id AND c.id = r.comment_id AND c.ticket_id = $2
"""


@dataclass(frozen=True, slots=True)
class TicketFact:
    """A ticket at one of its versions."""

    org_id: UUID
    ticket_id: UUID
    number: int
    version: int
    deleted_at: datetime | None
    purged_at: datetime | None


async def learn(connection: Connection, fact: TicketFact) -> bool:
    """Store the fact unless a newer one is known; whether it was stored. A purge is final and takes the text along."""
    values = (fact.org_id, fact.ticket_id, fact.number, fact.version, fact.deleted_at, fact.purged_at)
    stored = await connection.fetchval(_MEET, *values) or await connection.fetchval(_LEARN, *values)
    if stored and fact.purged_at is not None:
        await connection.execute(_EMPTY_REVISIONS, fact.org_id, fact.ticket_id)
        await connection.execute(_EMPTY_COMMENTS, fact.org_id, fact.ticket_id)
    return bool(stored)
