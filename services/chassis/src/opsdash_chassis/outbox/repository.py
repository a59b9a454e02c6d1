"""SQL of the outbox as its relay sees it: what waits, what is confirmed, what can never be sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import asyncpg

BATCH_SIZE = 1000
#: Where the relay that leads hears that something waits.
CHANNEL = "outbox"
NOTIFY_THE_LEADER = "SELECT pg_notify('outbox', '')"

# Everything unpublished, oldest first. Never "position greater than the last one": transactions commit out of
# position order. An aggregate with a parked event waits, so that its order is kept; others go on.
# LIMIT and OFFSET 0 keep the planner from turning the join around: the plan of a session is made once, and where
# nothing is known of the tables yet, reading the whole history at every turn looked cheap.
WAITING_OF_ANY_ORG = f"""
SELECT o.position, o.replayed, o.event_id, o.aggregate_id, h.topic, h.headers, h.data
FROM (
    SELECT position, replayed, event_id, aggregate_id FROM outbox o
    WHERE NOT EXISTS (
        SELECT 1 FROM outbox p
        WHERE p.aggregate_id = o.aggregate_id AND p.parked_reason IS NOT NULL AND p.position <= o.position
    )
    ORDER BY position
    LIMIT {BATCH_SIZE}
) o
JOIN LATERAL (SELECT topic, headers, data FROM history WHERE event_id = o.event_id OFFSET 0) h ON true
ORDER BY o.position
"""  # noqa: S608 - a constant
_CONFIRMED_OF_ANY_ORG = "DELETE FROM outbox WHERE position = ANY($1::bigint[])"
#: Publishing what cannot be deleted afterwards would publish it again and again.
REFUSED_WHEN_READ_ONLY = "DELETE FROM outbox WHERE false"
_PARK_OF_ANY_ORG = "UPDATE outbox SET parked_reason = $2 WHERE position = $1"
_STATE_OF_ANY_ORG = """
SELECT count(*) AS depth,
       count(*) FILTER (WHERE parked_reason IS NOT NULL) AS parked,
       coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float8 AS oldest_seconds
FROM outbox
"""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One event as it will be sent: the history's bytes, unchanged."""

    position: int
    event_id: UUID
    aggregate_id: UUID
    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class OutboxState:
    depth: int
    parked: int
    oldest_seconds: float


Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def waiting(connection: Connection) -> list[OutboxRow]:
    return [_to_row(row) for row in await connection.fetch(WAITING_OF_ANY_ORG)]


async def confirmed(connection: Connection, positions: Sequence[int]) -> None:
    await connection.execute(_CONFIRMED_OF_ANY_ORG, positions)


async def park(connection: Connection, position: int, reason: str) -> None:
    await connection.execute(_PARK_OF_ANY_ORG, position, reason)


async def state(connection: Connection) -> OutboxState:
    row = await connection.fetchrow(_STATE_OF_ANY_ORG)
    assert row is not None  # noqa: S101 - an aggregate always answers one row
    return OutboxState(depth=row["depth"], parked=row["parked"], oldest_seconds=row["oldest_seconds"])


def _to_row(row: asyncpg.Record) -> OutboxRow:
    stored: dict[str, str] = json.loads(row["headers"])
    headers = [(name, value.encode()) for name, value in stored.items()]
    if row["replayed"]:
        headers.append(("ce_replayed", b"true"))
    return OutboxRow(
        position=row["position"],
        event_id=row["event_id"],
        aggregate_id=row["aggregate_id"],
        topic=row["topic"],
        key=stored.get("ce_partitionkey", stored["ce_subject"]).encode(),
        value=row["data"].encode(),
        headers=headers,
    )
