"""SQL of the sweep: it crosses orgs to find what is due, and names the org of every row it changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of

from opsdash_sla_monitor.deadlines.model import Deadline, Step
from opsdash_sla_monitor.deadlines.repository import to_deadline

# Strictly before now: due exactly now is not a breach.
_DUE_OF_ANY_ORG = "SELECT * FROM deadlines WHERE next_at < now() ORDER BY next_at LIMIT $1"
# Replicas and cron calls never wait for each other's rows.
_CLAIM_OF_ANY_ORG = """
SELECT d.* FROM unnest($1::uuid[], $2::uuid[]) AS wanted(org_id, ticket_id) JOIN deadlines d USING (org_id, ticket_id)
FOR UPDATE OF d SKIP LOCKED
"""
_NEXT_OF_ANY_ORG = """
SELECT extract(epoch FROM clock_timestamp())::float8 AS clock, extract(epoch FROM (
    SELECT next_at FROM deadlines WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1
))::float8 AS at
"""
_RESCHEDULE_OF_ANY_ORG = """
UPDATE deadlines d SET sequence = n.sequence, next_step = n.next_step, next_at = n.next_at, tries = n.tries,
                       unanswered_since = n.unanswered_since
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::int[], $7::timestamptz[])
     AS n(org_id, ticket_id, sequence, next_step, next_at, tries, unanswered_since)
WHERE d.org_id = n.org_id AND d.ticket_id = n.ticket_id
"""
# The key of the table decides who tells: a pair that was told before comes back from nobody's statement.
_NOTIFY_OF_ANY_ORG = """
INSERT INTO notices (org_id, ticket_id, due_at, kind, event_id, detected_at, lateness_ms, confirmed)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::uuid[], $6::timestamptz[],
                     $7::bigint[], $8::bool[])
ON CONFLICT (org_id, ticket_id, due_at, kind) DO UPDATE
SET event_id = excluded.event_id, detected_at = excluded.detected_at, lateness_ms = excluded.lateness_ms,
    confirmed = excluded.confirmed
WHERE notices.event_id IS NULL
RETURNING event_id
"""
_NOTIFIED_BEFORE_OF_ANY_ORG = "UPDATE notices SET again_at = now() WHERE event_id = ANY($1::uuid[])"
_WITHHOLD_OF_ANY_ORG = """
INSERT INTO notices (org_id, ticket_id, due_at, kind, withheld_at)
SELECT org_id, ticket_id, due_at, kind, now()
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[]) AS n(org_id, ticket_id, due_at, kind)
ON CONFLICT (org_id, ticket_id, due_at, kind) DO NOTHING
"""
_NOTE_ORGS_OF_ANY_ORG = """
INSERT INTO withheld_orgs (org_id) SELECT DISTINCT unnest($1::uuid[]) ON CONFLICT (org_id) DO NOTHING
"""
_WITHHELD_ORGS_OF_ANY_ORG = "SELECT org_id FROM withheld_orgs ORDER BY since LIMIT 10000"
_FORGET_ORG = "DELETE FROM withheld_orgs WHERE org_id = $1"
# `since` starts anew: the lateness of what was held back is not the monitor's.
_RESUME = """
UPDATE deadlines d SET next_step = n.kind, next_at = now(), since = now(), tries = 0, unanswered_since = NULL
FROM notices n
WHERE d.org_id = $1 AND n.org_id = $1 AND n.ticket_id = d.ticket_id AND n.due_at = d.due_at
  AND d.state = 'running' AND n.event_id IS NULL AND (n.kind = 'breach') = (d.due_at < now())
"""


async def due(connection: Connection, *, limit: int) -> list[Deadline]:
    """Deadlines that are due, of any org, those that have waited longest first; not locked."""
    return [to_deadline(row) for row in await connection.fetch(_DUE_OF_ANY_ORG, limit)]


async def claim(connection: Connection, deadlines: Sequence[Deadline]) -> set[Deadline]:
    """Those that are still as they were read, locked until the transaction ends; rows of other workers are left out."""
    rows = await connection.fetch(_CLAIM_OF_ANY_ORG, *columns_of(deadline.key for deadline in deadlines))
    return set(deadlines).intersection(map(to_deadline, rows))


async def next_due(connection: Connection) -> tuple[float | None, float]:
    """When the next deadline is due, if there is one, and what time it is; by the database's clock, as epochs."""
    row = await connection.fetchrow(_NEXT_OF_ANY_ORG)
    assert row is not None  # noqa: S101 - the statement always answers one row
    return row["at"], row["clock"]


async def reschedule(connection: Connection, deadlines: Sequence[Deadline]) -> None:
    names = ("org_id", "ticket_id", "sequence", "next_step", "next_at", "tries", "unanswered_since")
    await connection.execute(
        _RESCHEDULE_OF_ANY_ORG, *([getattr(deadline, name) for deadline in deadlines] for name in names)
    )


async def notify(
    connection: Connection,
    notices: Sequence[tuple[UUID, UUID, datetime, Step, UUID, datetime, int, bool]],
) -> set[UUID]:
    """Write notices; the event ids of those that nobody was notified of before."""
    rows = await connection.fetch(_NOTIFY_OF_ANY_ORG, *columns_of(notices))
    return {row["event_id"] for row in rows}


async def found_again(connection: Connection, event_ids: Sequence[UUID]) -> None:
    await connection.execute(_NOTIFIED_BEFORE_OF_ANY_ORG, event_ids)


async def withhold(connection: Connection, notices: Sequence[tuple[UUID, UUID, datetime, Step]]) -> None:
    """Remember what nobody was notified of because the org's plate has no support."""
    columns = columns_of(notices)
    await connection.execute(_WITHHOLD_OF_ANY_ORG, *columns)
    await connection.execute(_NOTE_ORGS_OF_ANY_ORG, columns[0])


async def withheld_orgs(connection: Connection) -> list[UUID]:
    return [row["org_id"] for row in await connection.fetch(_WITHHELD_ORGS_OF_ANY_ORG)]


async def resume(connection: Connection, org_id: UUID) -> None:
    """Make what was held back for an org due again."""
    await connection.execute(_FORGET_ORG, org_id)
    await connection.execute(_RESUME, org_id)
