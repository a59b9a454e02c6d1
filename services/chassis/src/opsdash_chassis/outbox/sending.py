"""How the relay hands events to the producer: in batches that keep every key's order, without a task for each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from opsdash_chassis import crash_points
from opsdash_chassis.crash_points import CrashPoints
from opsdash_chassis.kafka.clients import (
    SEND_DEADLINE_SECONDS,
    BrokerRefuses,
    require_topics,
    start_producer,
    stop_producer,
)
from opsdash_chassis.observability import metrics
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.outbox.repository import OutboxRow
from opsdash_chassis.settings import DatabaseSettings

log = structlog.get_logger(__name__)

PERMANENT_FOR_THE_EVENT = (MessageSizeTooLargeError,)
PERMANENT_FOR_THE_TOPIC = (TopicAuthorizationFailedError, UnknownTopicOrPartitionError, InvalidTopicError)
PART = "relay"


class NotSent(Exception):
    """The broker did not take everything; why is its cause."""


class Sender:
    """The relay's producer, made on first use, and what is known of the broker."""

    def __init__(
        self, settings: DatabaseSettings, topics: Collection[str], kafka: Dependency, armed: CrashPoints
    ) -> None:
        self._settings = settings
        self._topics = topics
        self._kafka = kafka
        self._crash_points = armed
        self._producer: AIOKafkaProducer | None = None
        self.alarm = ""

    @property
    def waits_for(self) -> str:
        """What it waits for; empty while it does not."""
        return self._kafka.missed_by(PART)

    async def send(self, batch: list[OutboxRow]) -> list[BaseException | None]:
        """Send all at once; an error means the outcome is unknown, so the row stays. The outcomes, in order."""
        producer = self._producer = self._producer or await self._connected()
        self._crash_points.reached(crash_points.BEFORE_PUBLISH)
        try:
            async with asyncio.timeout(SEND_DEADLINE_SECONDS):
                confirmations = [await _enqueue(producer, row) for row in batch]
                answers = await asyncio.gather(*confirmations, return_exceptions=True)
        except TimeoutError as error:
            answers = [error] * len(batch)
        errors = [answer if isinstance(answer, BaseException) else None for answer in answers]
        _count_outcomes(batch, errors)
        return errors

    def note_success(self) -> None:
        """The broker has taken what there was."""
        self.alarm = ""
        self._kafka.back(part=PART)

    def note_failure(self, error: BaseException | None) -> None:
        """An alarm where a person has to mend something, else the broker is away."""
        if not isinstance(error, (BrokerRefuses, *PERMANENT_FOR_THE_TOPIC)):
            self._kafka.away(repr(error), part=PART)
            return
        reason = f"publishing is refused: {error if isinstance(error, BrokerRefuses) else repr(error)}"
        if reason != self.alarm:
            log.error("publishing_refused", reason=reason)
        self.alarm = reason
        self._kafka.back(part=PART)

    async def drop(self) -> None:
        """A producer is made anew after any failure: its queues may hold sends whose fate is unknown."""
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await stop_producer(producer)

    async def _connected(self) -> AIOKafkaProducer:
        """A producer, once the topics are as they must be: some brokers make a missing one when it is asked for."""
        try:
            async with asyncio.timeout(SEND_DEADLINE_SECONDS):
                await require_topics(self._settings, self._topics)
                return await start_producer(self._settings)
        except (BrokerRefuses, KafkaError, OSError) as error:
            raise NotSent from error


async def _enqueue(producer: AIOKafkaProducer, row: OutboxRow) -> asyncio.Future[object]:
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


def _count_outcomes(batch: list[OutboxRow], errors: list[BaseException | None]) -> None:
    """For the metrics, by topic."""
    outcomes = Counter((row.topic, error is None) for row, error in zip(batch, errors, strict=True))
    for (topic, confirmed), count in outcomes.items():
        (metrics.PUBLISHED if confirmed else metrics.PUBLISH_FAILURES).labels(topic).inc(count)


def key_ordered_batches(rows: Iterable[OutboxRow]) -> list[list[OutboxRow]]:
    """Split rows, oldest first, so that each batch holds at most one event per key and its order is kept."""
    result: list[list[OutboxRow]] = []
    seen: dict[bytes, int] = {}
    for row in rows:
        turn = seen.get(row.key, 0)
        seen[row.key] = turn + 1
        if turn == len(result):
            result.append([])
        result[turn].append(row)
    return result
