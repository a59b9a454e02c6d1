"""Queue events for publication again from the history: same ids, same bytes, marked as replayed."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from opsdash_chassis.database.pools import affected_rows
from opsdash_chassis.outbox.repository import NOTIFY_THE_LEADER

# Descending throughout, as the unique key of the history is read backwards where that costs less than sorting.
_LAST_OF_EVERY_AGGREGATE_OF_ANY_ORG = """
INSERT INTO outbox (event_id, org_id, aggregate_id, replayed)
SELECT event_id, org_id, aggregate_id, true FROM (
    SELECT DISTINCT ON (org_id, aggregate_id) event_id, org_id, aggregate_id, occurred_at, aggregate_version
    FROM history ORDER BY org_id DESC, aggregate_id DESC, aggregate_version DESC
) AS latest
WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = latest.event_id)
ORDER BY occurred_at, aggregate_id, aggregate_version
"""
# `occurred_at` is when a transaction began: one that waited for a ticket's lock began before, and committed after, the
# version before its own. The running maximum keeps every aggregate in version order, and complete from its first hit.
SINCE_OF_ANY_ORG = """
INSERT INTO outbox (event_id, org_id, aggregate_id, replayed)
SELECT event_id, org_id, aggregate_id, true FROM (
    SELECT h.event_id, h.org_id, h.aggregate_id, h.aggregate_version,
           max(h.occurred_at) OVER (
               PARTITION BY h.org_id, h.aggregate_id ORDER BY h.aggregate_version
           ) AS happened_at
    FROM (
        SELECT org_id, aggregate_id, min(aggregate_version) AS version FROM history
        WHERE occurred_at >= $1 GROUP BY org_id, aggregate_id
    ) AS first
    JOIN history h ON h.org_id = first.org_id AND h.aggregate_id = first.aggregate_id
                  AND h.aggregate_version >= first.version
    -- A redacted event has other bytes than consumers got under its id; its aggregate's later events tell the end.
    WHERE h.headers ->> 'redacted' IS NULL
) AS events
WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = events.event_id)
ORDER BY happened_at, aggregate_id, aggregate_version
"""


async def replay(worker_url: str, *, since: datetime | None = None) -> int:
    """Queue the last event of every aggregate, or every event since a time; returns how many.

    Events still waiting in the outbox are left alone. The relay of a running service publishes them.
    """
    connection = await asyncpg.connect(worker_url, timeout=5)
    try:
        async with connection.transaction():
            if since is None:
                status = await connection.execute(_LAST_OF_EVERY_AGGREGATE_OF_ANY_ORG)
            else:
                status = await connection.execute(SINCE_OF_ANY_ORG, since)
        await connection.execute(NOTIFY_THE_LEADER)
    finally:
        await connection.close()
    return affected_rows(status)
