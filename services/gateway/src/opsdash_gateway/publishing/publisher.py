"""Publishes what the gateway says itself and returns after the broker confirmed; a failed producer is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from opsdash_chassis.kafka.clients import BrokerRefuses, require_topics, start_producer, stop_producer
from opsdash_chassis.turns import Turns
from opsdash_contracts.envelope import Event, EventData
from opsdash_contracts.topics import WORKSPACE
from opsdash_http.errors.problems import unavailable

from opsdash_gateway.settings import GatewaySettings

log = structlog.get_logger(__name__)

DEADLINE_SECONDS = 5.0
BATCH_DEADLINE_SECONDS = 20.0
RETRY_AFTER_SECONDS = 2


class Publisher:
    """One producer for one topic, made again after a failure: what a broken one still holds is unknown."""

    def __init__(self, settings: GatewaySettings, topic: str = WORKSPACE) -> None:
        self._settings = settings
        self._topic = topic
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def stop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer)

    async def publish(self, events: Sequence[Event[EventData]], deadline_seconds: float = DEADLINE_SECONDS) -> None:
        """Raises a 503 problem when not all are confirmed in time; repeating the same events is safe."""
        try:
            async with asyncio.timeout(deadline_seconds):
                await self._send(await self._connected(), events)
        except (BrokerRefuses, KafkaError, OSError) as error:
            log.warning("publish_failed", topic=self._topic, events=len(events), reason=repr(error))
            self._discard()
            raise unavailable("The message broker did not confirm in time.", RETRY_AFTER_SECONDS) from error

    async def _connected(self) -> AIOKafkaProducer:
        async with self._lock:
            if self._producer is None:
                await require_topics(self._settings, [self._topic])  # some brokers make a missing one when asked
                self._producer = await start_producer(self._settings)
            return self._producer

    async def _send(self, producer: AIOKafkaProducer, events: Sequence[Event[EventData]]) -> None:
        confirmations, turns = [], Turns()
        for event in events:
            sent = await producer.send(
                self._topic, value=event.value(), key=event.key, headers=event.envelope.to_headers()
            )
            confirmations.append(sent)
            await turns.over()
        await asyncio.gather(*confirmations)

    def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            task = asyncio.create_task(stop_producer(producer))
            _background.add(task)
            task.add_done_callback(_background.discard)


_background: set[asyncio.Task[None]] = set()
