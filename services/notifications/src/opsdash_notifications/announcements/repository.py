"""SQL of messages that leave. Looking for the next channel crosses orgs; every other statement names the org."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row

from opsdash_notifications.languages import DEFAULT_LANGUAGE
from opsdash_notifications.throttle import Throttle

# Replicas and workers never wait for each other's channels. Some look at those only that answered the last time, so
# that those that do not are never in the way of all.
_CLAIM_OF_ANY_ORG = """
SELECT org_id, channel_id, left_at, gathers_until FROM team_turns
WHERE due_at <= now() AND (NOT is_failing OR $1::boolean) ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_WAITING = """
SELECT m.notice_id, m.reason, m.ticket_id, m.number, m.source_event_id, m.source_at, m.made_at, t.title,
       a.name AS actor, m.ticket_id IS NOT NULL AND t.deleted_at IS NOT NULL AS is_outdated
FROM team_messages m
LEFT JOIN known_tickets t ON t.org_id = $1 AND t.ticket_id = m.ticket_id
LEFT JOIN LATERAL (
    SELECT name FROM members WHERE org_id = $1 AND user_id = m.actor_id ORDER BY removed_at NULLS FIRST LIMIT 1
) a ON true
WHERE m.org_id = $1 AND m.channel_id = $2 ORDER BY m.made_at, m.notice_id LIMIT $3
"""
_ORG = """
SELECT o.slug, o.name, coalesce(s.language, $3) AS language
FROM orgs o LEFT JOIN org_settings s ON s.org_id = $1
WHERE o.org_id = $1 AND o.removed_at IS NULL AND o.plate = ANY($2)
"""
_REMOVE = "DELETE FROM team_messages WHERE org_id = $1 AND notice_id = ANY($2::uuid[]) RETURNING notice_id"
_POSTPONE = "UPDATE team_turns SET due_at = $3, gathers_until = $4 WHERE org_id = $1 AND channel_id = $2"
_END_TURN = """
UPDATE team_turns SET is_failing = $3, left_at = $4, gathers_until = $5,
       due_at = CASE
           WHEN $7 OR EXISTS (SELECT FROM team_messages WHERE org_id = $1 AND channel_id = $2) THEN $6::timestamptz
       END
WHERE org_id = $1 AND channel_id = $2
"""
_IS_DUE_OF_ANY_ORG = "SELECT EXISTS (SELECT FROM team_turns WHERE due_at <= now() AND (NOT is_failing OR $1::boolean))"
_QUEUE_OF_ANY_ORG = """
SELECT (SELECT count(*) FROM (SELECT FROM team_messages LIMIT 100000) waiting) AS waiting,
       (SELECT count(*) FROM team_turns WHERE is_failing AND due_at IS NOT NULL) AS failing,
       coalesce(extract(epoch FROM now() - (
           SELECT min(due_at) FROM team_turns WHERE due_at <= now() AND NOT is_failing
       )), 0)::float8 AS late_seconds
"""
_PRUNE_OF_ANY_ORG = """
DELETE FROM team_turns
WHERE due_at IS NULL AND (left_at = '{}' OR left_at[cardinality(left_at)] < now() - interval '1 day')
"""
_REVIVE_OF_ANY_ORG = """
UPDATE team_turns t SET due_at = now()
WHERE due_at IS NULL
  AND EXISTS (SELECT FROM team_messages m WHERE m.org_id = t.org_id AND m.channel_id = t.channel_id)
"""
_FORGET_OF_ANY_ORG = "WITH turns AS (DELETE FROM team_turns) DELETE FROM team_messages"


class Turn(Row, frozen=True):
    """A channel whose messages are to be looked at."""

    org_id: UUID
    channel_id: UUID
    left_at: list[datetime]
    gathers_until: datetime | None

    @property
    def throttle(self) -> Throttle:
        return Throttle(tuple(self.left_at), self.gathers_until)


class Message(Row, frozen=True):
    """One that waits, with its ticket as it is now."""

    notice_id: UUID
    reason: str
    ticket_id: UUID | None
    number: int | None
    source_event_id: UUID
    source_at: datetime
    made_at: datetime
    title: str | None
    actor: str | None
    is_outdated: bool


class Org(Row, frozen=True):
    """One that has Support, and the language that its people share."""

    slug: str
    name: str
    language: str


class Queue(Row, frozen=True):
    """Of all orgs: messages that wait (up to 100,000), channels that fail, and how late the oldest is of the others."""

    waiting: int
    failing: int
    late_seconds: float


async def claim(connection: Connection, *, failing_too: bool) -> Turn | None:
    """The channel that waits longest, locked until the transaction ends; those of other workers are left out."""
    return to_row(Turn, await connection.fetchrow(_CLAIM_OF_ANY_ORG, failing_too))


async def waiting(connection: Connection, turn: Turn, *, limit: int) -> list[Message]:
    """Oldest first."""
    return to_rows(Message, await connection.fetch(_WAITING, turn.org_id, turn.channel_id, limit))


async def org(connection: Connection, org_id: UUID, plates: Sequence[str]) -> Org | None:
    """None for one that is gone or has none of these plates."""
    return to_row(Org, await connection.fetchrow(_ORG, org_id, plates, DEFAULT_LANGUAGE))


async def remove(connection: Connection, org_id: UUID, notice_ids: Sequence[UUID]) -> set[UUID]:
    """Those that were still there."""
    return {row["notice_id"] for row in await connection.fetch(_REMOVE, org_id, notice_ids)}


async def postpone(connection: Connection, turn: Turn, until: datetime, throttle: Throttle) -> None:
    """Look at the channel again then, whatever becomes of what leaves now."""
    await connection.execute(_POSTPONE, turn.org_id, turn.channel_id, until, throttle.gathers_until)


async def end_turn(
    connection: Connection,
    turn: Turn,
    throttle: Throttle,
    *,
    is_failing: bool,
    again: datetime,
    is_pause: bool = False,
) -> None:
    """Look at it again then, if anything waits. In a pause nothing is tried before, whatever comes meanwhile."""
    values = (is_failing, list(throttle.left_at), throttle.gathers_until, again, is_pause)
    await connection.execute(_END_TURN, turn.org_id, turn.channel_id, *values)


async def is_due(connection: Connection, *, failing_too: bool) -> bool:
    return bool(await connection.fetchval(_IS_DUE_OF_ANY_ORG, failing_too))


async def queue(connection: Connection) -> Queue:
    return to_row(Queue, await connection.fetchrow(_QUEUE_OF_ANY_ORG)) or Queue(0, 0, 0.0)


async def prune(connection: Connection) -> None:
    """Forget channels to which no message has left for a day."""
    await connection.execute(_PRUNE_OF_ANY_ORG)


async def revive(connection: Connection) -> None:
    """Let channels be looked at for which messages wait and no time is set."""
    await connection.execute(_REVIVE_OF_ANY_ORG)


async def forget_all(connection: Connection) -> None:
    """Every message that waits, of every org."""
    await connection.execute(_FORGET_OF_ANY_ORG)
