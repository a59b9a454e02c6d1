"""Queue events for publication again from the history: same ids, same bytes, marked as replayed."""

from __future__ import annotations

from datetime import datetime

import asyncpg

_LAST_OF_EVERY_AGGREGATE = """
INSERT INTO outbox (event_id, org_id, aggregate_id, replayed)
SELECT event_id, org_id, aggregate_id, true FROM (
    SELECT DISTINCT ON (aggregate_id) event_id, org_id, aggregate_id, occurred_at, aggregate_version
    FROM history ORDER BY aggregate_id, aggregate_version DESC
) AS latest
WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = latest.event_id)
ORDER BY occurred_at, aggregate_id, aggregate_version
"""
_SINCE = """
INSERT INTO outbox (event_id, org_id, aggregate_id, replayed)
SELECT event_id, org_id, aggregate_id, true FROM history h
WHERE occurred_at >= $1 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.event_id = h.event_id)
ORDER BY occurred_at, aggregate_id, aggregate_version
"""


async def replay(worker_url: str, *, since: datetime | None = None) -> int:
    """Queue the last event of every aggregate, or every event since a time; returns how many.

    Events still waiting in the outbox are left alone. The relay of a running service publishes them.
    """
    connection = await asyncpg.connect(worker_url, timeout=5)
    try:
        async with connection.transaction():
            if since is None:
                status = await connection.execute(_LAST_OF_EVERY_AGGREGATE)
            else:
                status = await connection.execute(_SINCE, since)
            await connection.execute("SELECT pg_notify('outbox', '')")
    finally:
        await connection.close()
    return int(status.rsplit(" ", 1)[1])
