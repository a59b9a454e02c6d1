"""SQL of messages that are to leave to team channels. Looking for the next channel crosses orgs; every other statement
names the org.

`team_turns` has a row for each channel that has had a message: when to look at it next, and what left lately.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_contracts.notices import Reason

from opsdash_notifications.ledger.model import Source

_ADD = """
WITH wanted AS (
    SELECT channel_id, notice_id, reason
    FROM unnest($8::uuid[], $9::uuid[], $10::text[]) AS new(channel_id, notice_id, reason)
), added AS (
    INSERT INTO team_messages (org_id, notice_id, channel_id, reason, ticket_id, number, actor_id, source_event_id,
                               source_at, made_at)
    SELECT $1, notice_id, channel_id, reason, $2, $3, $4, $5, $6, $7 FROM wanted
    ON CONFLICT (org_id, notice_id) DO NOTHING
)
INSERT INTO team_turns AS t (org_id, channel_id, due_at)
SELECT $1, channel_id, $7 FROM wanted ORDER BY channel_id
ON CONFLICT (org_id, channel_id) DO UPDATE SET due_at = coalesce(t.due_at, excluded.due_at)
"""
# A statement of its own: one that waits for a row goes on with what it saw of other tables before it waited.
_LOCK_TURN = "SELECT FROM team_turns WHERE org_id = $1 AND channel_id = $2 FOR UPDATE"
_WAKE = """
UPDATE team_turns SET due_at = now(), is_failing = false WHERE org_id = $1 AND channel_id = $2 AND is_failing
"""


async def add(
    connection: Connection,
    source: Source,
    actor_id: UUID | None,
    now: datetime,
    messages: Sequence[tuple[UUID, UUID, Reason]],
) -> None:
    """Each channel with the id of its notice and the reason; one that is there already stays as it is."""
    about = (source.org_id, source.ticket_id, source.number, actor_id, source.event_id, source.at, now)
    await connection.execute(_ADD, *about, *columns_of(messages))


async def lock_turn(connection: Connection, org_id: UUID, channel_id: UUID) -> None:
    """Before the channel itself and before counters, which are locked in this order everywhere."""
    await connection.execute(_LOCK_TURN, org_id, channel_id)


async def wake(connection: Connection, org_id: UUID, channel_id: UUID) -> None:
    """One that failed is looked at now: somebody has mended it."""
    await connection.execute(_WAKE, org_id, channel_id)
