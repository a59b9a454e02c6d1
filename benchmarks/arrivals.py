"""A consumer outside of the services that notes when each event came."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer


class Arrivals:
    """Reads one topic from its start while it is open; times are seconds since 1970, as PostgreSQL tells them."""

    def __init__(self, bootstrap_servers: str, topic: str, event_type: str | None = None) -> None:
        self._consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
        self._event_type = event_type
        self.first_at: dict[str, float] = {}
        self.bodies: dict[str, bytes] = {}

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._consumer.stop()

    async def _read(self) -> None:
        async for record in self._consumer:
            now = time.time()
            headers = {name: value.decode() for name, value in record.headers}
            if self._event_type in {None, headers["ce_type"]} and headers["ce_id"] not in self.first_at:
                self.first_at[headers["ce_id"]] = now
                self.bodies[headers["ce_id"]] = record.value
