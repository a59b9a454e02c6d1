"""The one place that makes Kafka subscribers, with the settings that lose nothing.

The framework's defaults commit failed messages. Here every subscriber reads from the earliest offset, commits only
after its handler (see offsets.py), never creates a topic, and passes the reliability middleware.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from opsdash_contracts.topics import catalogue, dead_letter_topic

from opsdash_chassis.database import Database
from opsdash_chassis.dead_letters import DeadLetterPublisher
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.faststream_parts import as_delivered, framework_options, parse_leniently
from opsdash_chassis.kafka import broker_answers, require_topics
from opsdash_chassis.lenient_records import read_leniently
from opsdash_chassis.offsets import CommitsBeforeLeaving, HandledOffsets
from opsdash_chassis.reliability import ReliabilityMiddleware, TopicReliability
from opsdash_chassis.settings import ConfigurationError, DatabaseSettings
from opsdash_chassis.topic_consumer import Handler, Together, TopicConsumer

log = structlog.get_logger(__name__)

SESSION_TIMEOUT_MS = 10_000
GRACEFUL_SECONDS = 8.0
START_PAUSE_SECONDS = 1.0
STOP_SECONDS = 10.0
LAG_EVERY_SECONDS = 5.0
BROKER_ASKED_AFTER_SECONDS = 30.0

#: What every subscriber is made with; an architecture test holds the running subscribers against it.
SAFE_OPTIONS: Mapping[str, Any] = {
    "ack_policy": AckPolicy.NACK_ON_ERROR,
    "auto_offset_reset": "earliest",
    "session_timeout_ms": SESSION_TIMEOUT_MS,
    "isolation_level": "read_committed",
}


class Consumers:
    """All subscribers of a service process: made, started, watched and stopped together."""

    def __init__(self, settings: DatabaseSettings, *, service: str, database: Database) -> None:
        self._settings = settings
        self._service = service
        self._database = database
        self.topics: list[TopicConsumer] = []
        self._reliability = ReliabilityMiddleware()
        self._offsets: dict[str, HandledOffsets] = {}
        self._dead_letters = DeadLetterPublisher(settings, service=service)
        read_leniently()
        self.broker = KafkaBroker(
            **framework_options(settings),
            middlewares=[self._reliability],
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=GRACEFUL_SECONDS,
            client_id=f"opsdash-{service}",
            logger=logging.getLogger("opsdash_chassis.faststream"),
            log_level=logging.DEBUG,
        )

    def subscribe(self, topic: str, handlers: Mapping[str, Handler | Together]) -> None:
        """Subscribe the service's group to one catalogue topic; the only call of `broker.subscriber` there is."""
        entry = catalogue()[topic]
        if self._service not in entry.consumers:
            raise ValueError(f"the catalogue does not list {self._service} as a consumer of {topic}")
        if entry.retention_hours and self._settings.inbox_retention_hours < entry.retention_hours:
            raise ConfigurationError(
                f"OPSDASH_INBOX_RETENTION_HOURS: {topic} keeps messages for {entry.retention_hours} hours;"
                " an inbox that forgets earlier would apply a replayed one twice"
            )
        consumer = TopicConsumer(
            service=self._service,
            topic=topic,
            handlers=handlers,
            database=self._database,
            armed=self._settings.crash_at,
        )
        self.topics.append(consumer)
        offsets = self._offsets[topic] = HandledOffsets()
        self._reliability.topics[topic] = TopicReliability(
            topic=topic,
            group=consumer.group,
            dead_letters=self._dead_letters,
            dependency_answers=self._database_answers,
            on_set_aside=offsets.hurry,
            armed=self._settings.crash_at,
        )
        subscriber = self.broker.subscriber(
            topic,
            group_id=consumer.group,
            parser=partial(parse_leniently, offsets),
            decoder=as_delivered,
            listener=CommitsBeforeLeaving(offsets),
            **SAFE_OPTIONS,
        )
        subscriber(consumer.handle)

    async def run(self) -> None:
        """Start when the broker has the topics, then watch the lag until cancelled. Raises StartupError."""
        await self._start()
        while True:
            await self._measure_lag()
            await asyncio.sleep(LAG_EVERY_SECONDS)

    async def _start(self) -> None:
        """A broker that goes away in between is waited for again: the API goes on without it."""
        while True:
            await require_topics(self._settings, self._needed_topics())
            try:
                return await self.broker.start()
            except (KafkaError, OSError) as error:
                log.warning("consumers_start_again", reason=repr(error), retry_in_seconds=START_PAUSE_SECONDS)
            await self.broker.stop()  # those of the subscribers that had started
            await asyncio.sleep(START_PAUSE_SECONDS)

    async def stop(self) -> None:
        """Finish and commit the messages in hand, leave the groups.

        In time whatever the broker does: while a group rebalances, leaving it waits for the others. A message that is
        not finished comes again, and its partitions go to the others when the session ends.
        """
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(offsets.finish() for offsets in self._offsets.values()))
                await self.broker.stop()
        except TimeoutError:
            log.warning("consumers_left_unasked", reason="the group did not answer in time")
        await self._dead_letters.close()

    def live(self) -> tuple[bool, str]:
        return _first_failure(policy.progress.live() for policy in self._reliability.topics.values())

    def ready(self) -> tuple[bool, str]:
        return _first_failure(policy.progress.ready() for policy in self._reliability.topics.values())

    def _needed_topics(self) -> list[str]:
        """What is read, where its bad messages go, and what the relay publishes to: without one, events pile up."""
        read = list(self._reliability.topics)
        written = [name for name, topic in catalogue().items() if self._service in topic.producers]
        return [*read, *(dead_letter_topic(self._service, name) for name in read), *written]

    async def _measure_lag(self) -> None:
        for subscriber in self.broker.subscribers:
            consumer = getattr(subscriber, "consumer", None)
            if consumer is None:
                continue
            assignment, lag = consumer.assignment(), 0
            for partition in assignment:
                with contextlib.suppress(KafkaError, TimeoutError):
                    async with asyncio.timeout(1):
                        position = await consumer.position(partition)
                    lag += max(0, (consumer.highwater(partition) or 0) - position)
            for topic in consumer.subscription():
                progress = self._reliability.topics[topic].progress
                progress.observe(assigned=bool(assignment), lag=lag)
                if lag and progress.idle_seconds > BROKER_ASKED_AFTER_SECONDS and not await broker_answers(consumer):
                    progress.excused()

    async def _database_answers(self) -> bool:
        try:
            await self._database.ping()
        except Unavailable:
            return False
        return True


def _first_failure(answers: Any) -> tuple[bool, str]:
    return next((answer for answer in answers if not answer[0]), (True, "consuming"))
