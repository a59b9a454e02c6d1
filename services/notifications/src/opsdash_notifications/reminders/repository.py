"""SQL of reminders. Every statement names the org, but for the one that looks for what is due in all.

Those of a deleted ticket are not shown and come back with it, but for those whose time comes meanwhile: they are over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row

from opsdash_notifications.reminders.model import MOST_OPEN

_COLUMNS = "r.id, r.ticket_id, r.number, r.at, r.note, r.created_at, r.version"
_VISIBLE = """
NOT EXISTS (SELECT FROM known_tickets t WHERE t.org_id = $1 AND t.ticket_id = r.ticket_id AND t.deleted_at IS NOT NULL)
"""
# Those who add reminders of one person do so one after the other, so that there are never too many.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('reminders' || $1::uuid::text || $2::uuid::text, 0))"
_ADD = f"""
INSERT INTO reminders (org_id, id, user_id, ticket_id, number, at, note, created_at, version)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, 1
WHERE (SELECT count(*) FROM reminders WHERE org_id = $1 AND user_id = $3) < {MOST_OPEN}
RETURNING true
"""  # noqa: S608 - our own number
_PAGE = f"""
SELECT {_COLUMNS} FROM reminders r
WHERE r.org_id = $1 AND r.user_id = $2 AND ($3::timestamptz IS NULL OR (r.at, r.id) > ($3, $4::uuid)) AND {_VISIBLE}
ORDER BY r.at, r.id LIMIT $5
"""  # noqa: S608 - our own texts
_OF_TICKET = f"""
SELECT {_COLUMNS} FROM reminders r WHERE r.org_id = $1 AND r.user_id = $2 AND r.ticket_id = $3 ORDER BY r.at, r.id
"""  # noqa: S608 - our columns
_READ = f"""
SELECT {_COLUMNS} FROM reminders r WHERE r.org_id = $1 AND r.user_id = $2 AND r.id = $3 AND {_VISIBLE}
"""  # noqa: S608 - our own texts
_LOCK_ONE = f"{_READ} FOR UPDATE OF r"
_SAVE = """
UPDATE reminders SET at = $4, note = $5, version = version + 1 WHERE org_id = $1 AND user_id = $2 AND id = $3
"""
_REMOVE = "DELETE FROM reminders WHERE org_id = $1 AND user_id = $2 AND id = $3"
_FORGET_TICKET = "DELETE FROM reminders WHERE org_id = $1 AND ticket_id = $2"
_FORGET_PERSON = "DELETE FROM reminders WHERE org_id = $1 AND user_id = $2"
# The oldest first; in the order of the key, as all who tell of several tickets. What another replica has locked is in
# its hands.
_TAKE_DUE_OF_ANY_ORG = """
WITH due AS (
    SELECT org_id, id FROM reminders WHERE at <= now() ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM reminders r USING due WHERE r.org_id = due.org_id AND r.id = due.id
    RETURNING r.org_id, r.id, r.user_id, r.ticket_id, r.number, r.at, r.note
)
SELECT org_id, id, user_id, ticket_id, number, at, note FROM taken ORDER BY org_id, ticket_id, user_id, id
"""
_PUT_OFF = "UPDATE reminders SET at = now() + $3, version = version + 1 WHERE org_id = $1 AND id = $2"


class Reminder(Row, frozen=True):
    """A person's own reminder that is still to come."""

    id: UUID
    ticket_id: UUID
    number: int
    at: datetime
    note: str | None
    created_at: datetime
    version: int


class DueReminder(Row, frozen=True):
    """A reminder whose time has come, and whose it is."""

    org_id: UUID
    id: UUID
    user_id: UUID
    ticket_id: UUID
    number: int
    at: datetime
    note: str | None


async def add(connection: Connection, org_id: UUID, user_id: UUID, reminder: Reminder) -> bool:
    """Whether there was room."""
    await connection.execute(_LOCK, org_id, user_id)
    values = (reminder.ticket_id, reminder.number, reminder.at, reminder.note, reminder.created_at)
    return bool(await connection.fetchval(_ADD, org_id, reminder.id, user_id, *values))


async def page(
    connection: Connection, org_id: UUID, user_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[Reminder]:
    """A person's own, the next first."""
    at, identity = after or (None, None)
    return to_rows(Reminder, await connection.fetch(_PAGE, org_id, user_id, at, identity, limit))


async def of_ticket(connection: Connection, org_id: UUID, user_id: UUID, ticket_id: UUID) -> list[Reminder]:
    """A person's own of one ticket, the next first."""
    return to_rows(Reminder, await connection.fetch(_OF_TICKET, org_id, user_id, ticket_id))


async def read(connection: Connection, org_id: UUID, user_id: UUID, reminder_id: UUID) -> Reminder | None:
    return to_row(Reminder, await connection.fetchrow(_READ, org_id, user_id, reminder_id))


async def lock(connection: Connection, org_id: UUID, user_id: UUID, reminder_id: UUID) -> Reminder | None:
    """A person's own, until the transaction ends."""
    return to_row(Reminder, await connection.fetchrow(_LOCK_ONE, org_id, user_id, reminder_id))


async def save(connection: Connection, org_id: UUID, user_id: UUID, reminder: Reminder) -> None:
    """Its time and its note, as the next version."""
    await connection.execute(_SAVE, org_id, user_id, reminder.id, reminder.at, reminder.note)


async def remove(connection: Connection, org_id: UUID, user_id: UUID, reminder_id: UUID) -> None:
    await connection.execute(_REMOVE, org_id, user_id, reminder_id)


async def forget_ticket(connection: Connection, org_id: UUID, ticket_id: UUID) -> None:
    await connection.execute(_FORGET_TICKET, org_id, ticket_id)


async def forget_person(connection: Connection, org_id: UUID, user_id: UUID) -> None:
    await connection.execute(_FORGET_PERSON, org_id, user_id)


async def take_due(connection: Connection, most: int) -> list[DueReminder]:
    """Some of those whose time has come; they are gone when the transaction commits."""
    return to_rows(DueReminder, await connection.fetch(_TAKE_DUE_OF_ANY_ORG, most))


async def put_off(connection: Connection, reminder: DueReminder, time: timedelta) -> None:
    await connection.execute(_PUT_OFF, reminder.org_id, reminder.id, time)
