"""Consumer without a group: every replica sees every new event of its topics, and nothing is committed.

For those who show what happens now. One may skip (a damaged record, what came while it was reconnecting), and
says so through `on_gap`; it never stops. One that reads from the beginning misses nothing that the broker still has,
and sees records again after it reconnected. What must not lose an event uses `consuming/subscribers.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from opsdash_contracts.envelope import Event, InvalidMessage, UnknownEventType
from prometheus_client import Counter, Gauge

from opsdash_chassis.backoff import Backoff
from opsdash_chassis.kafka.clients import FETCH_WAIT_MS, client_options
from opsdash_chassis.kafka.compat import read_undecodable_headers
from opsdash_chassis.kafka.undecodable_headers import decode_record
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.settings import KafkaSettings
from opsdash_chassis.turns import Turns

log = structlog.get_logger(__name__)

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
#: Whether anybody here wants an event, judged by its raw headers: decoding all of a busy topic costs more.
Wanted: TypeAlias = Callable[[Mapping[str, bytes]], bool]

# Not beside the metrics of consumers: a process that only follows has no outbox and no relay to report.
FOLLOWING = Gauge("opsdash_following", "1 while this process sees what is new on a topic", ["topic"])
FOLLOWED = Counter("opsdash_events_followed", "Messages seen by a follower, by outcome", ["topic", "outcome"])

WATCH_SECONDS = 1.0
STUCK_SECONDS = 10.0
BROKER_SECONDS = 3.0
PAUSE_SECONDS = (0.2, 5.0)
LASTED_SECONDS = 60.0
CAUGHT_UP_SECONDS = 0.05

#: What every broadcast consumer reads with; an architecture test holds them against it.
BROADCAST_OPTIONS: Mapping[str, Any] = {
    "group_id": None,
    "enable_auto_commit": False,
    "auto_offset_reset": "none",
    "isolation_level": "read_committed",
    "metadata_max_age_ms": 10_000,
    "fetch_max_wait_ms": FETCH_WAIT_MS,
}


class StartAgain(Exception):
    """What this consumer knows of the partitions is no longer true."""


@asynccontextmanager
async def open_broadcast_consumer(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """The only place that makes such a consumer."""
    read_undecodable_headers()
    consumer = AIOKafkaConsumer(**client_options(settings), **BROADCAST_OPTIONS)
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


class BroadcastConsumer:
    """Calls `on_event` for each event of its topics, in order per key: for each new one, or for all there are."""

    def __init__(
        self,
        settings: KafkaSettings,
        topics: Collection[str],
        *,
        wanted: Wanted,
        on_event: Callable[[Event[Any]], None],
        on_gap: Callable[[], None] = lambda: None,
        on_caught_up: Callable[[], None] = lambda: None,
        from_beginning: bool = False,
        part: str = "live",
        kafka: Dependency | None = None,
    ) -> None:
        self._settings = settings
        self._topics = sorted(topics)
        self._wanted = wanted
        self._on_event = on_event
        self._on_gap = on_gap
        self._on_caught_up = on_caught_up
        self._from_beginning = from_beginning
        self._part = part
        self._kafka = kafka or Dependency("kafka")
        self._starts_again = ""

    @property
    def missed(self) -> str:
        """What it waits for, in words; empty when it follows, or has only just begun."""
        return self._starts_again or self._kafka.missed_by(self._part)

    def state(self) -> tuple[bool, str]:
        """For readiness: a process that cannot follow does everything else as well as before, and says so."""
        return True, self.missed or "follows"

    async def run(self) -> None:
        """Until cancelled. Whatever goes wrong: begin again at the end of the topics."""
        backoff = Backoff(*PAUSE_SECONDS, LASTED_SECONDS)
        while True:
            started = time.monotonic()
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001 - nothing that a broker or client does may end this
                self._note_connection(_cause(error))
            await asyncio.sleep(backoff.after(time.monotonic() - started))

    async def _follow(self) -> None:
        async with open_broadcast_consumer(self._settings) as consumer:
            partitions = await self._partitions(consumer)
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            start = await consumer.beginning_offsets(partitions) if self._from_beginning else ends
            for partition, offset in start.items():
                consumer.seek(partition, offset)
            self._note_connection(None)
            self._on_gap()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._catch_up(consumer, ends))
                tasks.create_task(self._watch(consumer, ends))
                tasks.create_task(self._read(consumer))

    async def _catch_up(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        """Until it has read what there was when it began."""
        for partition, end in ends.items():
            while await consumer.position(partition) < end:  # noqa: ASYNC110 - the client has no event for it
                await asyncio.sleep(CAUGHT_UP_SECONDS)
        self._on_caught_up()

    async def _partitions(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        """Only existing topics are named: asking for another one creates it on some brokers."""
        existing = await consumer.topics()
        missing = [topic for topic in self._topics if topic not in existing]
        if missing:
            raise StartAgain(f"no topic {', '.join(missing)}: run opsdash-topics")
        consumer.assign([TopicPartition(topic, 0) for topic in self._topics])
        await consumer.end_offsets([TopicPartition(topic, 0) for topic in self._topics])
        return sorted(self._known(consumer))

    def _known(self, consumer: AIOKafkaConsumer) -> set[TopicPartition]:
        return {
            TopicPartition(topic, index)
            for topic in self._topics
            for index in consumer.partitions_for_topic(topic) or ()
        }

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        turns = Turns()  # what was fetched comes without a wait, and may be a whole topic
        async for record in consumer:
            FOLLOWED.labels(record.topic, self._outcome(record)).inc()
            await turns.over()

    def _outcome(self, record: Record) -> str:
        try:
            if not self._wanted(dict(record.headers)):
                return "ignored"
            event = decode_record(record.headers, record.key, record.value)
            if event.envelope.replayed:
                return "ignored"  # it happened long ago
            self._on_event(event)
        except UnknownEventType:
            return "unknown-type"
        except InvalidMessage as error:
            log.warning("record_skipped", topic=record.topic, partition=record.partition, reason=error.code)
            return "invalid"
        except Exception:
            log.exception("event_not_followed", topic=record.topic, offset=record.offset)
            return "failed"
        return "applied"

    async def _watch(self, consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> None:
        """Notice what the client does not: a broker that forgot, partitions that were added, a fetch that hangs."""
        waiting: dict[TopicPartition, tuple[int, float]] = {}
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            if added := self._known(consumer) - ends.keys():
                raise StartAgain(f"{len(added)} new partitions")
            try:
                async with asyncio.timeout(BROKER_SECONDS):
                    positions = {partition: await consumer.position(partition) for partition in ends}
                    now = await consumer.end_offsets(list(ends))
            except (KafkaError, OSError) as error:
                self._note_connection(error)  # the client tries again by itself, and goes on where it was
                continue
            self._note_connection(None)
            _check_ends(ends, now, positions)
            ends, waiting = now, _still_waiting(waiting, positions, now)

    def _note_connection(self, error: BaseException | None) -> None:
        for topic in self._topics:
            FOLLOWING.labels(topic).set(error is None)
        if isinstance(error, StartAgain):
            self._note_new_start(str(error))
            return
        self._starts_again = ""
        if error is None:
            self._kafka.back(part=self._part)
        elif isinstance(error, (KafkaError, OSError)):
            self._kafka.away(repr(error), part=self._part)
        else:
            log.error("following_failed", exc_info=error)

    def _note_new_start(self, reason: str) -> None:
        """The broker answers, so it is not away; a topic that is missing waits for a person."""
        self._kafka.back(part=self._part)
        if reason != self._starts_again:
            log.warning("following_starts_again", part=self._part, reason=reason)
        self._starts_again = reason


def _cause(error: BaseException) -> BaseException:
    """The first that was raised in a group of tasks."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _check_ends(
    before: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int], positions: Mapping[TopicPartition, int]
) -> None:
    """Raises StartAgain when the end of a partition went back: the broker has forgotten records.

    Compared with the end before, and with our position, which was asked for first, only where nothing is left: some
    brokers count the last batch as one record.
    """
    if gone := [
        f"{at.topic}/{at.partition}" for at, end in ends.items() if end < before[at] or end == 0 < positions[at]
    ]:
        raise StartAgain(f"the broker has forgotten records of {', '.join(gone)}")


def _still_waiting(
    before: Mapping[TopicPartition, tuple[int, float]],
    positions: Mapping[TopicPartition, int],
    ends: Mapping[TopicPartition, int],
) -> dict[TopicPartition, tuple[int, float]]:
    """Where records wait, at which offset and since when. Raises StartAgain when one waits long."""
    now = time.monotonic()
    waiting = {
        partition: known if (known := before.get(partition)) and known[0] == position else (position, now)
        for partition, position in positions.items()
        if ends[partition] > position
    }
    if stuck := [partition for partition, (_, since) in waiting.items() if now - since > STUCK_SECONDS]:
        raise StartAgain(f"nothing comes from {len(stuck)} partitions")
    return waiting
