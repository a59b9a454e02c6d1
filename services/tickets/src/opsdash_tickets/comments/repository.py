"""SQL of what tickets keep of their comments. Every statement names the org."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event

from opsdash_tickets.tickets.model import Ticket
from opsdash_tickets.tickets.repository import STATE, to_ticket

# Deleted tickets too: their count must be right when they come back. In the order of the key, so that two who lock the
# same tickets cannot lock each other out.
_LOCK_ALL = f"""
SELECT {STATE} FROM unnest($1::uuid[], $2::uuid[]) AS wanted(org_id, id) JOIN tickets t USING (org_id, id)
ORDER BY org_id, id FOR UPDATE OF t
"""  # noqa: S608 - our own names
_STORE = """
WITH state AS (
    INSERT INTO comment_states (org_id, comment_id, ticket_id, version, deleted_at) VALUES ($1, $6, $2, $7, $12)
    ON CONFLICT (org_id, comment_id) DO UPDATE SET version = excluded.version, deleted_at = excluded.deleted_at
    WHERE excluded.version > comment_states.version
)
INSERT INTO comment_history (org_id, ticket_id, ticket_sequence, event_id, event_type, comment_id, comment_version,
                             parent_id, actor_id, occurred_at, changes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (org_id, ticket_id, ticket_sequence) DO NOTHING
"""
_NOT_DELETED = """
SELECT org_id, ticket_id, (
    SELECT count(*) FROM comment_states s
    WHERE s.org_id = wanted.org_id AND s.ticket_id = wanted.ticket_id AND s.deleted_at IS NULL
) AS not_deleted
FROM unnest($1::uuid[], $2::uuid[]) AS wanted(org_id, ticket_id)
"""
_SAVE_ACTIVITY = """
UPDATE tickets t SET comment_count = a.comments, first_response_at = a.first_response_at,
                     updated_at = greatest(t.updated_at, a.at)
FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::timestamptz[], $5::timestamptz[])
     AS a(org_id, ticket_id, comments, first_response_at, at)
WHERE t.org_id = a.org_id AND t.id = a.ticket_id
"""

#: Names a ticket: its org and its id.
Key: TypeAlias = tuple[UUID, UUID]


async def lock_all(connection: Connection, keys: Collection[Key]) -> dict[Key, Ticket]:
    """Those of the tickets that there are, living or deleted, locked until the transaction ends."""
    rows = await connection.fetch(_LOCK_ALL, *columns_of(keys))
    return {(row["org_id"], row["id"]): to_ticket(row) for row in rows}


async def store_all(connection: Connection, events: Iterable[Event[CommentEvent]]) -> None:
    """Remember each comment's state, unless a newer one is known, and each event."""
    await connection.executemany(_STORE, [_stored(event) for event in events])


async def comments_not_deleted(connection: Connection, keys: Collection[Key]) -> dict[Key, int]:
    """Counted anew each time, so neither a repeat nor another order can make it wrong."""
    rows = await connection.fetch(_NOT_DELETED, *columns_of(keys))
    return {(row["org_id"], row["ticket_id"]): row["not_deleted"] for row in rows}


async def save_activity(connection: Connection, tickets: Collection[Ticket], at: Mapping[Key, datetime]) -> None:
    """Count, first response and time of activity; none of them makes a version of its own here."""
    rows = [(t.org_id, t.id, t.comment_count, t.first_response_at, at[t.org_id, t.id]) for t in tickets]
    await connection.execute(_SAVE_ACTIVITY, *columns_of(rows))


def _stored(event: Event[CommentEvent]) -> tuple[object, ...]:
    envelope, comment = event.envelope, event.data
    return (
        comment.org_id,
        comment.ticket_id,
        comment.ticket_sequence,
        envelope.id,
        envelope.type,
        comment.comment_id,
        comment.version,
        comment.parent_id,
        envelope.actor_id,
        envelope.time,
        json.dumps(comment.model_dump(mode="json", include={"changes"})["changes"]),
        comment.deleted_at,
    )
