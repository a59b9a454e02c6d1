"""Has the replicas of a service count together: each reports to the others what it let through, many times a second.

Each counts by itself at once and learns of the others a moment later. While the broker is away each goes on alone, and
what could not be reported is not reported later: it is worth something only while it is new.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import uuid4

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from opsdash_contracts.envelope import Event
from opsdash_contracts.requests import MAXIMUM_KEYS, RequestsCounted
from prometheus_client import Counter

from opsdash_chassis.backoff import Backoff
from opsdash_chassis.kafka.broadcast_consumer import BroadcastConsumer
from opsdash_chassis.kafka.clients import BrokerRefuses, require_topics, start_producer, stop_producer
from opsdash_chassis.kafka.lateness import Lateness
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.settings import KafkaSettings

log = structlog.get_logger(__name__)

#: For about so long others' counts are unknown here. A report of 30 keys takes 0.1 ms to make, and as much to read.
REPORT_SECONDS = 0.1
CONFIRM_SECONDS = 3.0
RETRY_SECONDS = (0.5, 5.0)
LASTED_SECONDS = 60.0
REPORTS = Counter("opsdash_shared_count_reports", "Messages to other replicas about what was let through", ["outcome"])


class Charge(Protocol):
    """Takes what another replica has let through."""

    def __call__(self, key: Hashable, requests: float, *, seconds_ago: float) -> None: ...


class SharedCounts:
    """Of one limit, whose messages have a type and a topic of their own."""

    def __init__(
        self, settings: KafkaSettings, topic: str, model: type[RequestsCounted], charge: Charge, *, kafka: Dependency
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._model = model
        self._charge = charge
        self._kafka = kafka
        self._replica_id = uuid4()
        self._number = 0
        self._counted: dict[Hashable, float] = {}
        self._lateness = Lateness()
        self._wake = asyncio.Event()
        self._follows = False
        self._reports = False
        self._waits_for = ""
        self._consumer = BroadcastConsumer(
            settings,
            [topic],
            wanted=lambda _: True,
            on_event=self._apply,
            on_gap=self._note_following,
            part=f"{topic} to follow",
            kafka=kafka,
        )

    def count(self, key: Hashable, requests: float) -> None:
        """To be reported soon. Beyond MAXIMUM_KEYS in between, more than a process can answer, it is not."""
        known = self._counted.get(key)
        if known is not None:
            self._counted[key] = known + requests
        elif len(self._counted) < MAXIMUM_KEYS:
            self._counted[key] = requests
            self._wake.set()

    def state(self) -> tuple[bool, str]:
        """For readiness: always good, for one that counts alone serves as well as before."""
        missed = self._waits_for or self._kafka.missed_by(self._part) or self._consumer.missed
        if missed or not (self._follows and self._reports):
            return True, f"counts alone: {missed or 'it has just begun'}"
        return True, "counts with the other replicas"

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._consumer.run())
            tasks.create_task(self._keep_reporting())

    @property
    def _part(self) -> str:
        return f"{self._topic} to report"

    async def _keep_reporting(self) -> None:
        """With another producer after each failure: what a broken one still holds is unknown."""
        backoff = Backoff(*RETRY_SECONDS, LASTED_SECONDS)
        while True:
            started = time.monotonic()
            try:
                await self._report_through_one()
            except Exception as error:  # noqa: BLE001 - nothing that a broker or client does may end this
                self._note_failure(error)
            await asyncio.sleep(backoff.after(time.monotonic() - started))

    def _note_failure(self, error: Exception) -> None:
        REPORTS.labels("failed").inc()
        if isinstance(error, BrokerRefuses):
            self._kafka.back(part=self._part)  # it answers; what it lacks waits for a person
            self._waits_for = str(error)
            return
        self._waits_for = ""
        self._kafka.away(repr(error), part=self._part)
        if not isinstance(error, (KafkaError, OSError)):
            log.error("reporting_failed", topic=self._topic, exc_info=error)

    async def _report_through_one(self) -> None:
        await require_topics(self._settings, [self._topic])  # some brokers make a missing one when asked
        producer = await start_producer(self._settings)
        try:
            self._kafka.back(part=self._part)
            self._waits_for = ""
            self._reports = True
            self._collect()  # what was counted meanwhile is old
            while True:
                await self._wake.wait()
                await asyncio.sleep(REPORT_SECONDS)
                await self._report(producer, self._collect())
        finally:
            await stop_producer(producer)

    def _collect(self) -> dict[Hashable, float]:
        counted, self._counted = self._counted, {}
        self._wake.clear()
        return counted

    async def _report(self, producer: AIOKafkaProducer, counted: dict[Hashable, float]) -> None:
        event = self._event(counted)
        async with asyncio.timeout(CONFIRM_SECONDS):
            await producer.send_and_wait(
                self._topic, value=event.value(), key=event.key, headers=event.envelope.to_headers()
            )
        REPORTS.labels("sent").inc()

    def _event(self, counted: dict[Hashable, float]) -> Event[RequestsCounted]:
        self._number += 1
        requests = {key: round(count, 3) for key, count in counted.items()}
        data = self._model.model_validate({
            "replica_id": self._replica_id, "number": self._number, "sent_at": time.monotonic(), "requests": requests,
        })  # fmt: skip
        (event_type,) = data.event_types
        return Event.of(data, type=event_type, id=uuid4(), time=datetime.now(UTC))

    def _note_following(self) -> None:
        self._follows = True

    def _apply(self, event: Event[Any]) -> None:
        data = event.data
        if not isinstance(data, RequestsCounted) or data.replica_id == self._replica_id:
            return
        seconds_ago = self._lateness.of(data.replica_id, data.sent_at)
        for key, requests in data.requests.items():
            self._charge(key, requests, seconds_ago=seconds_ago)
