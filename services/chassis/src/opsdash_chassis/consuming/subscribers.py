"""The one place that makes Kafka subscribers, with the settings that lose nothing.

The framework's defaults commit failed messages. Here every subscriber reads batches from the earliest offset, commits
only after its handlers (see offsets.py), never creates a topic, and has the chain of middlewares before its handlers.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import stamina
import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import InvalidSessionTimeoutError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaRouter
from opsdash_contracts.topics import catalogue, dead_letter_topic, relayed_topics

from opsdash_chassis.consuming.compat import wait_in_the_client_only
from opsdash_chassis.consuming.dead_letters import DeadLetterPublisher
from opsdash_chassis.consuming.faststream_adapter import FrameworkLog, body_of, framework_options, parse_leniently
from opsdash_chassis.consuming.handler import BatchHandler, Handler
from opsdash_chassis.consuming.middlewares import chain_of
from opsdash_chassis.consuming.offsets import CommitOnRevoke
from opsdash_chassis.consuming.progress import ConsumerProgress
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_chassis.database.pools import Database
from opsdash_chassis.kafka.clients import FETCH_WAIT_MS, REFUSALS, BrokerRefuses, broker_error, require_topics
from opsdash_chassis.kafka.compat import keep_what_was_drained, read_undecodable_headers
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.settings import ConfigurationError, DatabaseSettings

log = structlog.get_logger(__name__)

REBALANCE_SECONDS = 10.0
HEARTBEATS_A_SESSION = 3
GRACEFUL_SECONDS = 8.0
START_PAUSES: Mapping[str, float] = {"wait_initial": 0.2, "wait_max": 5.0, "wait_jitter": 0.1}
STOP_SECONDS = 10.0
LAG_EVERY_SECONDS = 5.0
#: The framework meets a lasting refusal again every five seconds; when it has not for this long, it is over.
REFUSED_SECONDS = 15.0
PART = "consumers"

MOST_AT_ONCE = 50  # a transaction of that many holds its locks for some tens of milliseconds
#: How long a consumer without messages sleeps; the first message ends it.
WAIT_SECONDS = 1.0

#: What every subscriber is made with; an architecture test holds the running subscribers against it.
SAFE_OPTIONS: Mapping[str, Any] = {
    "ack_policy": AckPolicy.NACK_ON_ERROR,
    "batch": True,
    "max_records": MOST_AT_ONCE,
    "batch_timeout_ms": int(WAIT_SECONDS * 1000),
    "fetch_max_wait_ms": FETCH_WAIT_MS,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
}


def membership_options(session_seconds: float) -> dict[str, Any]:
    """How members of a group stay in it. Whoever is still finishing its messages when the group divides its partitions
    anew gets more time for that than a silent one.
    """
    session = int(session_seconds * 1000)
    return {
        "session_timeout_ms": session,
        "heartbeat_interval_ms": session // HEARTBEATS_A_SESSION,
        "rebalance_timeout_ms": max(session, int(REBALANCE_SECONDS * 1000)),
    }


class Consumers:
    """All subscribers of a service process: made, started, watched and stopped together."""

    def __init__(
        self, settings: DatabaseSettings, *, service: str, database: Database, kafka: Dependency | None = None
    ) -> None:
        self._settings = settings
        self._kafka = kafka or Dependency("kafka")
        self._started = False
        self._refusal = ""
        self._refused_at = 0.0
        self._service = service
        self._database = database
        self.subscriptions: dict[str, Subscription] = {}
        self._dead_letters = DeadLetterPublisher(settings, service=service)
        read_undecodable_headers()
        wait_in_the_client_only()
        stamina.instrumentation.set_on_retry_hooks([])  # what is away is said once, and counted by topic
        self.broker = KafkaBroker(
            **framework_options(settings),
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            graceful_timeout=GRACEFUL_SECONDS,
            client_id=f"opsdash-{service}",
            logger=FrameworkLog(self._failed),
            log_level=logging.DEBUG,
        )

    def subscribe(self, topic: str, handlers: Mapping[str, Handler | BatchHandler]) -> None:
        """Subscribe the service's group to one catalogue topic; the only call of `router.subscriber` there is."""
        entry = catalogue()[topic]
        if self._service not in entry.consumers:
            raise ValueError(f"the catalogue does not list {self._service} as a consumer of {topic}")
        if entry.retention_hours and self._settings.inbox_retention_hours < entry.retention_hours:
            raise ConfigurationError(
                f"OPSDASH_INBOX_RETENTION_HOURS: {topic} keeps messages for {entry.retention_hours} hours;"
                " an inbox that forgets earlier would apply a replayed one twice"
            )
        subscription = Subscription(
            service=self._service, topic=topic, handlers=handlers, database=self._database,
            dead_letters=self._dead_letters, armed=self._settings.crash_at,
        )  # fmt: skip
        router = KafkaRouter(middlewares=chain_of(subscription))
        subscriber = router.subscriber(
            topic,
            group_id=subscription.group,
            parser=partial(parse_leniently, subscription.offsets),
            decoder=body_of,
            listener=CommitOnRevoke(subscription.offsets, subscription.progress.reassigned),
            **SAFE_OPTIONS,
            **membership_options(self._settings.kafka_session_timeout_seconds),
        )
        subscriber(subscription.handlers.apply)
        self.broker.include_router(router)
        self.subscriptions[topic] = subscription
        keep_what_was_drained(topic, subscription.unreadable)

    async def run(self) -> None:
        """Start when the broker has the topics, however long that takes, then watch the lag until cancelled."""
        await self._start()
        while True:
            await self._measure_lag()
            await asyncio.sleep(LAG_EVERY_SECONDS)

    async def _start(self) -> None:
        """The API goes on while no broker answers, or while a person has something to mend at it."""
        retries = stamina.retry_context(
            on=(BrokerRefuses, KafkaError, OSError), attempts=None, timeout=None, **START_PAUSES
        )
        async for attempt in retries:
            with attempt:
                await self._try_to_start()

    async def _try_to_start(self) -> None:
        try:
            await require_topics(self._settings, self._needed_topics())
            await self._start_subscribers()
        except (BrokerRefuses, KafkaError, OSError) as error:
            self._failed(self._named(error))
            await self.broker.stop()  # those of the subscribers that had started
            raise
        self._started, self._refused_at = True, -math.inf
        self._note_answer()

    def _named(self, error: BrokerRefuses | KafkaError | OSError) -> BrokerRefuses | KafkaError | OSError:
        """Names the setting where the broker refuses what one says."""
        if not isinstance(error, InvalidSessionTimeoutError):
            return error
        return BrokerRefuses(
            "OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS: the broker refuses sessions of"
            f" {self._settings.kafka_session_timeout_seconds:g} s (its group.min.session.timeout.ms and"
            " group.max.session.timeout.ms say what it takes)"
        )

    def _failed(self, error: BrokerRefuses | KafkaError | OSError) -> None:
        if not isinstance(error, (BrokerRefuses, *REFUSALS)):
            self._kafka.away(repr(error), part=PART)
            return
        self._kafka.back(part=PART)
        reason = str(error) if isinstance(error, BrokerRefuses) else f"{error!r}; check the access rules of the broker"
        if reason != self._refusal:
            log.error("broker_refuses", reason=reason)
        self._refusal, self._refused_at = reason, time.monotonic()

    def _note_answer(self) -> None:
        self._kafka.back(part=PART)
        if self._refusal and time.monotonic() - self._refused_at > REFUSED_SECONDS:
            log.info("broker_refuses_no_more")
            self._refusal = ""

    async def _start_subscribers(self) -> None:
        """Side by side, because each waits for the first partitions of its group. Raises the first failure."""
        await self.broker.connect()
        try:
            async with asyncio.TaskGroup() as starts:
                for subscriber in self.broker.subscribers:
                    starts.create_task(subscriber.start())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def stop(self) -> None:
        """Finish and commit the messages in hand, leave the groups.

        In time whatever the broker does: while a group rebalances, leaving it waits for the others. A message that is
        not finished comes again, and its partitions go to the others when the session ends.
        """
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.gather(*(one.offsets.finish() for one in self.subscriptions.values()))
                await self.broker.stop()
        except TimeoutError:
            log.warning("consumers_left_unasked", reason="the group did not answer in time")
        await self._dead_letters.close()

    def live(self) -> tuple[bool, str]:
        answers = [one.progress.live() for one in self.subscriptions.values()]
        return next((answer for answer in answers if not answer[0]), (True, "consuming"))

    def ready(self) -> tuple[bool, str]:
        """An absent broker is said, and is no reason to keep requests away; what a person has to mend is one."""
        if self._refusal:
            return False, self._refusal
        answers = [one.progress.ready() for one in self.subscriptions.values()]
        if failing := [detail for good, detail in answers if not good]:
            return False, "; ".join(failing)
        if waiting := self._kafka.missed_by(PART):
            return True, waiting
        return True, "consuming" if self._started else "starting"

    def _needed_topics(self) -> list[str]:
        """What is read, where its bad messages go, and what the relay publishes to: without one, events pile up."""
        read = list(self.subscriptions)
        return [*read, *(dead_letter_topic(self._service, name) for name in read), *relayed_topics(self._service)]

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
                progress = self.subscriptions[topic].progress
                progress.observe(assigned=bool(assignment), lag=lag)
                await self._ask_broker(consumer, progress)

    async def _ask_broker(self, consumer: AIOKafkaConsumer, progress: ConsumerProgress) -> None:
        """Whether it answers, for the client waits for it in silence."""
        if not consumer.assignment():
            return
        if error := await broker_error(consumer):
            self._failed(error)
            progress.excused()
        else:
            self._note_answer()
