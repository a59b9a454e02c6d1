"""How the relay hands events to the producer: in waves that keep every key's order, without a task for each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from opsdash_chassis import metrics
from opsdash_chassis.outbox import Waiting


async def hand_over(producer: AIOKafkaProducer, row: Waiting) -> asyncio.Future[object]:
    """Put the event into the producer's batch; the future is done when the broker has it. No task: they would cost
    more than the sending.
    """
    try:
        confirmation: asyncio.Future[object] = await producer.send(
            row.topic, row.value, key=row.key, headers=row.headers
        )
    except (KafkaError, OSError) as error:
        confirmation = asyncio.get_running_loop().create_future()
        confirmation.set_exception(error)
    return confirmation


def count_outcomes(wave: list[Waiting], errors: list[BaseException | None]) -> None:
    """For the metrics, by topic."""
    outcomes = Counter((row.topic, error is None) for row, error in zip(wave, errors, strict=True))
    for (topic, confirmed), count in outcomes.items():
        (metrics.PUBLISHED if confirmed else metrics.PUBLISH_FAILURES).labels(topic).inc(count)


def waves(rows: Iterable[Waiting]) -> list[list[Waiting]]:
    """Split rows, oldest first, so that each wave holds at most one event per key and its order is kept."""
    result: list[list[Waiting]] = []
    seen: dict[bytes, int] = {}
    for row in rows:
        turn = seen.get(row.key, 0)
        seen[row.key] = turn + 1
        if turn == len(result):
            result.append([])
        result[turn].append(row)
    return result
