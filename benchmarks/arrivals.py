"""A consumer outside of the services that notes when each event came."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer

GIVE_UP_SECONDS = 120.0


class Arrivals:
    """Reads one topic from its start while it is open; times are seconds since 1970, as PostgreSQL tells them."""

    def __init__(self, bootstrap_servers: str, topic: str) -> None:
        self._consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
        self._ids: defaultdict[str, set[str]] = defaultdict(set)
        self.first_at: dict[str, float] = {}
        self.bodies: dict[str, bytes] = {}

    def ids(self, event_type: str) -> set[str]:
        """Of the events of that type so far."""
        return set(self._ids[event_type])

    async def wait_for(self, event_type: str, count: int) -> None:
        async with asyncio.timeout(GIVE_UP_SECONDS):
            while len(self._ids[event_type]) < count:  # noqa: ASYNC110 - reading has no event for it
                await asyncio.sleep(0.05)

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
            self._ids[headers["ce_type"]].add(headers["ce_id"])
            self.first_at.setdefault(headers["ce_id"], now)
            self.bodies.setdefault(headers["ce_id"], record.value)
