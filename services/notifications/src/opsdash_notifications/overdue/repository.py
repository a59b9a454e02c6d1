"""SQL of daily mails. Those of all orgs are begun, found and forgotten; every other statement names the org."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_chassis.database.row import Row

from opsdash_notifications.overdue.model import Hour

_HOURS = """
SELECT DISTINCT digest_hour AS hour, digest_zone AS zone FROM mail_preferences
WHERE digest_hour IS NOT NULL AND digest_zone IS NOT NULL
"""
_BEGIN_OF_ANY_ORG = """
INSERT INTO overdue_digests (org_id, user_id, day, made_at, due_at)
SELECT DISTINCT m.org_id, m.user_id, $3::date, $4::timestamptz, now()
FROM mail_preferences p JOIN members m ON m.user_id = p.user_id JOIN orgs o ON o.org_id = m.org_id
WHERE p.digest_hour = $1 AND p.digest_zone = $2 AND p.digest_set_at <= $4 AND m.removed_at IS NULL
  AND o.removed_at IS NULL AND o.plate = ANY($5)
ON CONFLICT DO NOTHING
"""
_CLAIM_OF_ANY_ORG = """
UPDATE overdue_digests d SET due_at = $1
FROM (
    SELECT org_id, user_id, day FROM overdue_digests WHERE due_at <= now()
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) next
WHERE d.org_id = next.org_id AND d.user_id = next.user_id AND d.day = next.day
RETURNING d.org_id, d.user_id, d.day, d.made_at
"""
_IS_DUE_OF_ANY_ORG = "SELECT EXISTS (SELECT FROM overdue_digests WHERE due_at <= now())"
_POSTPONE = "UPDATE overdue_digests SET due_at = $4 WHERE org_id = $1 AND user_id = $2 AND day = $3"
_END = "UPDATE overdue_digests SET due_at = NULL WHERE org_id = $1 AND user_id = $2 AND day = $3"
_PRUNE_OF_ANY_ORG = "DELETE FROM overdue_digests WHERE made_at < now() - interval '7 days'"


class Digest(Row, frozen=True):
    """One mail of a day; `made_at` is the hour at which it was due."""

    org_id: UUID
    user_id: UUID
    day: date
    made_at: datetime


async def hours(connection: Connection) -> list[Hour]:
    """All that anybody chose."""
    return to_rows(Hour, await connection.fetch(_HOURS))


async def begin(connection: Connection, hour: Hour, day: date, at: datetime, plates: Sequence[str]) -> None:
    """Of everybody who chose this hour by then, in each of their orgs; once a day, whoever does it how often."""
    await connection.execute(_BEGIN_OF_ANY_ORG, hour.hour, hour.zone, day, at, plates)


async def claim(connection: Connection, until: datetime) -> Digest | None:
    """One that is due; nobody else has it before then."""
    return to_row(Digest, await connection.fetchrow(_CLAIM_OF_ANY_ORG, until))


async def is_due(connection: Connection) -> bool:
    return bool(await connection.fetchval(_IS_DUE_OF_ANY_ORG))


async def postpone(connection: Connection, digest: Digest, until: datetime) -> None:
    await connection.execute(_POSTPONE, digest.org_id, digest.user_id, digest.day, until)


async def end(connection: Connection, digest: Digest) -> None:
    """It was sent, or there is nothing to send; the row stays, so that there is no second one on that day."""
    await connection.execute(_END, digest.org_id, digest.user_id, digest.day)


async def prune(connection: Connection) -> None:
    await connection.execute(_PRUNE_OF_ANY_ORG)
