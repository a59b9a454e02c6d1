"""SQL of watches. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row

from opsdash_notifications.watching.model import MOST_WATCHERS, WatchState

#: Who watched or muted a ticket and took that back.
ENDED = "ended"
# Those who add watchers to one ticket do so one after the other, so that there are never too many.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text || $2::uuid::text, 0))"
_COUNT = "(SELECT count(*) FROM watches WHERE org_id = $1 AND ticket_id = $2 AND state = 'watching')"
_ADD = f"""
INSERT INTO watches (org_id, ticket_id, user_id, state, changed_at)
SELECT $1, $2, person, 'watching', $4 FROM (
    SELECT person, row_number() OVER (ORDER BY place) AS place
    FROM unnest($3::uuid[]) WITH ORDINALITY AS wanted(person, place)
    WHERE NOT EXISTS (
        SELECT FROM watches WHERE org_id = $1 AND ticket_id = $2 AND user_id = person AND ($5 OR state <> '{ENDED}')
    )
) new WHERE place <= {MOST_WATCHERS} - {_COUNT}
ON CONFLICT (org_id, ticket_id, user_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at
"""  # noqa: S608 - our own texts
_SET = f"""
INSERT INTO watches (org_id, ticket_id, user_id, state, changed_at)
SELECT $1, $2, $3, $4, $5
WHERE $4 = 'muted' OR {_COUNT} < {MOST_WATCHERS}
   OR EXISTS (SELECT FROM watches WHERE org_id = $1 AND ticket_id = $2 AND user_id = $3 AND state = 'watching')
ON CONFLICT (org_id, ticket_id, user_id) DO UPDATE SET state = excluded.state, changed_at = excluded.changed_at
RETURNING true
"""  # noqa: S608 - our own texts
_READ = (
    "SELECT user_id, state, changed_at FROM watches WHERE org_id = $1 AND ticket_id = $2 ORDER BY changed_at, user_id"
)
_STATE = "SELECT state FROM watches WHERE org_id = $1 AND ticket_id = $2 AND user_id = $3"
_END = f"""
UPDATE watches SET state = '{ENDED}', changed_at = $4 WHERE org_id = $1 AND ticket_id = $2 AND user_id = $3
"""  # noqa: S608 - our own texts
_FORGET_TICKET = "DELETE FROM watches WHERE org_id = $1 AND ticket_id = $2"
_FORGET_PERSON = "DELETE FROM watches WHERE org_id = $1 AND user_id = $2"


class Watch(Row, frozen=True):
    """A person's watch of a ticket, and since when it is as it is."""

    user_id: UUID
    state: str
    changed_at: datetime


async def add(
    connection: Connection, org_id: UUID, ticket_id: UUID, people: Sequence[UUID], now: datetime, *, replayed: bool
) -> None:
    """Those watch who do not and have not muted the ticket, as far as there is room.

    What is told again does not make those watch who have ended that since.
    """
    await connection.execute(_LOCK, org_id, ticket_id)
    await connection.execute(_ADD, org_id, ticket_id, people, now, replayed)


async def save(
    connection: Connection, org_id: UUID, ticket_id: UUID, user_id: UUID, state: WatchState, now: datetime
) -> bool:
    """Whether there was room."""
    await connection.execute(_LOCK, org_id, ticket_id)
    return bool(await connection.fetchval(_SET, org_id, ticket_id, user_id, state, now))


async def state_of(connection: Connection, org_id: UUID, ticket_id: UUID, user_id: UUID) -> WatchState | None:
    state = await connection.fetchval(_STATE, org_id, ticket_id, user_id)
    return None if state in {None, ENDED} else WatchState(state)


async def watches(connection: Connection, org_id: UUID, ticket_id: UUID) -> list[Watch]:
    return to_rows(Watch, await connection.fetch(_READ, org_id, ticket_id))


async def end(connection: Connection, org_id: UUID, ticket_id: UUID, user_id: UUID, now: datetime) -> None:
    await connection.execute(_END, org_id, ticket_id, user_id, now)


async def forget_ticket(connection: Connection, org_id: UUID, ticket_id: UUID) -> None:
    await connection.execute(_FORGET_TICKET, org_id, ticket_id)


async def forget_person(connection: Connection, org_id: UUID, user_id: UUID) -> None:
    await connection.execute(_FORGET_PERSON, org_id, user_id)
