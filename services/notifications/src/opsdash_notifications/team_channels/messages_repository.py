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
