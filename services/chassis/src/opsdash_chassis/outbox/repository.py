"""SQL of the outbox as its relay sees it: what waits, what is confirmed, what can never be sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from opsdash_chassis.database.pools import OwnConnection
from opsdash_chassis.database.records import to_only_row, to_rows
from opsdash_chassis.database.row import Row

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


class _Waiting(Row, frozen=True):
    """An event that waits, as it is stored."""

    position: int
    replayed: bool
    event_id: UUID
    aggregate_id: UUID
    topic: str
    headers: str
    data: str


async def waiting(connection: OwnConnection) -> list[OutboxRow]:
    return [_to_send(stored) for stored in to_rows(_Waiting, await connection.fetch(WAITING_OF_ANY_ORG))]


async def confirmed(connection: OwnConnection, positions: Sequence[int]) -> None:
    await connection.execute(_CONFIRMED_OF_ANY_ORG, positions)


async def park(connection: OwnConnection, position: int, reason: str) -> None:
    await connection.execute(_PARK_OF_ANY_ORG, position, reason)


async def state(connection: OwnConnection) -> OutboxState:
    return to_only_row(OutboxState, await connection.fetchrow(_STATE_OF_ANY_ORG))


def _to_send(stored: _Waiting) -> OutboxRow:
    named: dict[str, str] = json.loads(stored.headers)
    headers = [(name, value.encode()) for name, value in named.items()]
    if stored.replayed:
        headers.append(("ce_replayed", b"true"))
    return OutboxRow(
        position=stored.position,
        event_id=stored.event_id,
        aggregate_id=stored.aggregate_id,
        topic=stored.topic,
        key=named.get("ce_partitionkey", named["ce_subject"]).encode(),
        value=stored.data.encode(),
        headers=headers,
    )
