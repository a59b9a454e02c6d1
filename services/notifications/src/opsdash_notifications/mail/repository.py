"""SQL of mails that are to leave. Looking for the next person crosses orgs; every other statement names the org.

`mail_turns` has a row for each person in an org who has had mail: when to look at theirs next, and what left lately.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row
from opsdash_contracts.notices import Reason

from opsdash_notifications.throttle import MOST_IN_A_MINUTE, Throttle

_ADD = """
WITH wanted AS (
    SELECT user_id, notice_id, reason,
           $9::timestamptz + make_interval(secs => coalesce(p.delay_seconds, $10)) AS due_at
    FROM unnest($11::uuid[], $12::uuid[], $13::text[]) AS new(user_id, notice_id, reason)
    LEFT JOIN mail_preferences p USING (user_id)
), added AS (
    INSERT INTO mails (org_id, notice_id, user_id, reason, ticket_id, number, actor_id, source_event_id, source_at,
                       is_urgent, note, made_at, due_at, comment_id)
    SELECT $1, notice_id, user_id, reason, $2, $3, $4, $5, $6, $7, $8, $9, due_at, $14 FROM wanted
    ON CONFLICT (org_id, notice_id) DO NOTHING
)
INSERT INTO mail_turns AS t (org_id, user_id, due_at)
SELECT $1, user_id, min(due_at) FROM wanted GROUP BY user_id ORDER BY user_id
ON CONFLICT (org_id, user_id) DO UPDATE SET due_at = least(t.due_at, excluded.due_at)
"""
# Replicas and workers never wait for each other's people.
_CLAIM_OF_ANY_ORG = """
SELECT org_id, user_id, left_at, gathers_until FROM mail_turns WHERE due_at <= now()
ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_DUE = """
SELECT m.notice_id, m.reason, m.ticket_id, m.number, m.actor_id, m.source_event_id, m.source_at, m.is_urgent,
       m.note, m.made_at, m.is_held, m.mail_id, m.tries, m.comment_id, t.title, a.name AS actor,
       coalesce(r.state <> 'unread' OR r.first_unread_at > m.made_at, false) AS is_seen,
       m.ticket_id IS NOT NULL AND (
           t.deleted_at IS NOT NULL OR (m.reason = 'assigned' AND t.assignee_id IS DISTINCT FROM m.user_id)
       ) AS is_outdated
FROM mails m
LEFT JOIN known_tickets t ON t.org_id = $1 AND t.ticket_id = m.ticket_id
LEFT JOIN inbox_rows r ON r.org_id = $1 AND r.user_id = $2 AND r.subject_id = coalesce(m.ticket_id, $1)
LEFT JOIN LATERAL (
    SELECT name FROM members WHERE org_id = $1 AND user_id = m.actor_id ORDER BY removed_at NULLS FIRST LIMIT 1
) a ON true
WHERE m.org_id = $1 AND m.user_id = $2 AND m.due_at <= now()
ORDER BY m.made_at, m.notice_id LIMIT $3
"""
_RECIPIENT = """
SELECT o.slug, o.name AS org_name, m.name, m.email FROM members m JOIN orgs o ON o.org_id = $1
WHERE m.org_id = $1 AND m.user_id = $2 AND m.removed_at IS NULL AND o.removed_at IS NULL AND o.plate = ANY($3)
ORDER BY m.email NULLS LAST LIMIT 1
"""
_HOLD = """
UPDATE mails m SET is_held = true, due_at = held.until
FROM unnest($2::uuid[], $3::timestamptz[]) AS held(notice_id, until)
WHERE m.org_id = $1 AND m.notice_id = held.notice_id
"""
_LEASE = """
UPDATE mails m SET mail_id = leaving.mail_id, due_at = $2::timestamptz
FROM unnest($3::uuid[], $4::uuid[]) AS leaving(notice_id, mail_id)
WHERE m.org_id = $1 AND m.notice_id = leaving.notice_id
"""
_REMOVE = "DELETE FROM mails WHERE org_id = $1 AND notice_id = ANY($2::uuid[]) RETURNING notice_id"
_POSTPONE = "UPDATE mails SET due_at = $3, tries = tries + 1 WHERE org_id = $1 AND mail_id = $2"
_NEXT_TURN = """
UPDATE mail_turns SET left_at = coalesce($3, left_at), gathers_until = $4,
       due_at = (SELECT min(due_at) FROM mails WHERE org_id = $1 AND user_id = $2)
WHERE org_id = $1 AND user_id = $2
"""
# A statement of its own: one that waits for a row goes on with what it saw of other tables before it waited.
_LOCK_TURN = "SELECT FROM mail_turns WHERE org_id = $1 AND user_id = $2 FOR UPDATE"
_REFRESH_TURN = """
UPDATE mail_turns SET due_at = (SELECT min(due_at) FROM mails WHERE org_id = $1 AND user_id = $2)
WHERE org_id = $1 AND user_id = $2
"""
_IS_DUE_OF_ANY_ORG = "SELECT EXISTS (SELECT FROM mail_turns WHERE due_at <= now())"
_QUEUE_OF_ANY_ORG = """
SELECT (SELECT count(*) FROM (SELECT FROM mails LIMIT 100000) waiting) AS waiting,
       coalesce(extract(epoch FROM now() - (
           SELECT min(due_at) FROM mail_turns WHERE due_at <= now()
       )), 0)::float8 AS late_seconds
"""
_PRUNE_OF_ANY_ORG = (
    "DELETE FROM mail_turns WHERE due_at IS NULL"
    " AND (left_at = '{}' OR left_at[cardinality(left_at)] < now() - interval '1 day')"
)
_REVIVE_OF_ANY_ORG = """
UPDATE mail_turns t SET due_at = now()
WHERE due_at IS NULL AND EXISTS (SELECT FROM mails m WHERE m.org_id = t.org_id AND m.user_id = t.user_id)
"""
_FORGET_OF_ANY_ORG = "WITH turns AS (DELETE FROM mail_turns) DELETE FROM mails"


class Turn(Row, frozen=True):
    """A person whose mails are to be looked at; what left to them lately, and until when the rest is gathered."""

    org_id: UUID
    user_id: UUID
    left_at: list[datetime]
    gathers_until: datetime | None

    @property
    def throttle(self) -> Throttle:
        return Throttle(tuple(self.left_at), self.gathers_until)


class Mail(Row, frozen=True):
    """One mail that is due, with its ticket as it is now; `mail_id` is there once it has begun to leave."""

    notice_id: UUID
    reason: str
    ticket_id: UUID | None
    number: int | None
    actor_id: UUID | None
    source_event_id: UUID
    source_at: datetime
    is_urgent: bool
    note: str | None
    made_at: datetime
    is_held: bool
    mail_id: UUID | None
    tries: int
    comment_id: UUID | None
    title: str | None
    actor: str | None
    is_seen: bool
    is_outdated: bool


class Addressee(Row, frozen=True):
    """A member of an org with Support."""

    slug: str
    org_name: str
    name: str
    email: str | None


class Queue(Row, frozen=True):
    """Of all orgs: how many mails wait (up to 100,000), and how late the oldest is that could leave."""

    waiting: int
    late_seconds: float


async def add(
    connection: Connection,
    *,
    org_id: UUID,
    ticket_id: UUID | None,
    number: int | None,
    actor_id: UUID | None,
    source_event_id: UUID,
    source_at: datetime,
    is_urgent: bool,
    note: str | None,
    comment_id: UUID | None,
    now: datetime,
    default_delay: timedelta,
    recipients: Sequence[tuple[UUID, UUID, Reason]],
) -> None:
    """Each recipient with the id of their notice and its reason; whoever is there already stays as they are."""
    about = (org_id, ticket_id, number, actor_id, source_event_id, source_at, is_urgent, note, now)
    await connection.execute(_ADD, *about, default_delay.total_seconds(), *columns_of(recipients), comment_id)


async def claim(connection: Connection) -> Turn | None:
    """The person who waits longest, locked until the transaction ends; people of other workers are left out."""
    return to_row(Turn, await connection.fetchrow(_CLAIM_OF_ANY_ORG))


async def due(connection: Connection, turn: Turn, *, limit: int) -> list[Mail]:
    """Oldest first."""
    return to_rows(Mail, await connection.fetch(_DUE, turn.org_id, turn.user_id, limit))


async def addressee(connection: Connection, org_id: UUID, user_id: UUID, plates: Sequence[str]) -> Addressee | None:
    """None for who is no member any more, or whose org has none of these plates."""
    return to_row(Addressee, await connection.fetchrow(_RECIPIENT, org_id, user_id, plates))


async def hold(connection: Connection, org_id: UUID, held: Sequence[tuple[UUID, datetime]]) -> None:
    if held:
        await connection.execute(_HOLD, org_id, *columns_of(held))


async def lease(connection: Connection, org_id: UUID, leaving: Sequence[tuple[UUID, UUID]], until: datetime) -> None:
    """These begin to leave, each under the id of its mail; whoever does it has time until then."""
    if leaving:
        await connection.execute(_LEASE, org_id, until, *columns_of(leaving))


async def lock_turn(connection: Connection, org_id: UUID, user_id: UUID) -> None:
    """The person's turn, before the counters that a transaction locks."""
    await connection.execute(_LOCK_TURN, org_id, user_id)


async def remove(connection: Connection, org_id: UUID, notice_ids: Sequence[UUID]) -> set[UUID]:
    """Those that were still there."""
    return {row["notice_id"] for row in await connection.fetch(_REMOVE, org_id, notice_ids)}


async def postpone(connection: Connection, org_id: UUID, mail_id: UUID, until: datetime) -> None:
    """All that leaves as this mail."""
    await connection.execute(_POSTPONE, org_id, mail_id, until)


async def end_turn(connection: Connection, turn: Turn, throttle: Throttle) -> None:
    """Look at the person again when the next of their mails is due."""
    left_at = list(throttle.left_at)[-MOST_IN_A_MINUTE:]
    await connection.execute(_NEXT_TURN, turn.org_id, turn.user_id, left_at, throttle.gathers_until)


async def refresh_turn(connection: Connection, org_id: UUID, user_id: UUID) -> None:
    """The same after something became of a mail that had begun to leave."""
    await connection.execute(_REFRESH_TURN, org_id, user_id)


async def is_due(connection: Connection) -> bool:
    """Whether anybody's mails are to be looked at."""
    return bool(await connection.fetchval(_IS_DUE_OF_ANY_ORG))


async def queue(connection: Connection) -> Queue:
    found = to_row(Queue, await connection.fetchrow(_QUEUE_OF_ANY_ORG))
    return found or Queue(0, 0.0)


async def prune(connection: Connection) -> None:
    """Forget people to whom no mail has left for a day."""
    await connection.execute(_PRUNE_OF_ANY_ORG)


async def revive(connection: Connection) -> None:
    """Let people be looked at for whom mails wait and no time is set."""
    await connection.execute(_REVIVE_OF_ANY_ORG)


async def forget_all(connection: Connection) -> None:
    """Every mail that waits, of every org."""
    await connection.execute(_FORGET_OF_ANY_ORG)
