"""SQL of what tickets keep of their comments. Every statement names the org."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from opsdash_chassis.database import Connection
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event

from opsdash_tickets.model import Ticket
from opsdash_tickets.repository import to_ticket

# Deleted tickets too: their count must be right when they come back.
_LOCK = "SELECT * FROM tickets WHERE org_id = $1 AND id = $2 FOR UPDATE"
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
_LIVING = "SELECT count(*) FROM comment_states WHERE org_id = $1 AND ticket_id = $2 AND deleted_at IS NULL"
_SAVE_ACTIVITY = """
UPDATE tickets SET comment_count = $3, first_response_at = $4, updated_at = greatest(updated_at, $5)
WHERE org_id = $1 AND id = $2
"""


async def lock(connection: Connection, org_id: UUID, ticket_id: UUID) -> Ticket | None:
    """The ticket, living or deleted, locked until the transaction ends."""
    row = await connection.fetchrow(_LOCK, org_id, ticket_id)
    return None if row is None else to_ticket(row)


async def store(connection: Connection, event: Event[CommentEvent]) -> None:
    """Remember the comment's state, unless a newer one is known, and the event."""
    envelope, comment = event.envelope, event.data
    await connection.execute(
        _STORE,
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


async def living_comments(connection: Connection, org_id: UUID, ticket_id: UUID) -> int:
    """Counted anew each time, so neither a repeat nor another order can make it wrong."""
    count: int = await connection.fetchval(_LIVING, org_id, ticket_id)
    return count


async def save_activity(connection: Connection, ticket: Ticket, *, at: datetime) -> None:
    """Count, first response and time of activity; none of them makes a version of its own here."""
    values: tuple[Any, ...] = (ticket.comment_count, ticket.first_response_at, at)
    await connection.execute(_SAVE_ACTIVITY, ticket.org_id, ticket.id, *values)
