"""A consumer without a group that records every record of the given topics, for verdicts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    def header(self, name: str) -> str | None:
        """The first value of a header as text."""
        return next((value.decode() for key, value in self.headers if key == name), None)


class Witness:
    """Reads from the beginning, never commits, so it disturbs nobody; the topics must exist already."""

    def __init__(self, bootstrap_servers: str, *topics: str) -> None:
        self.records: list[Record] = []
        self._servers = bootstrap_servers
        self._topics = topics
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> Self:
        await self._require_topics()
        self._consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=5_000,
        )
        await self._consumer.start()
        self._task = asyncio.create_task(self._record(self._consumer))
        return self

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._consumer is not None:
            # Tests without an event loop hold up a fetch until it is too late, and the client ends with that error, or
            # as cancelled by itself; what was recorded stays.
            await asyncio.gather(self._consumer.stop(), return_exceptions=True)

    async def _require_topics(self) -> None:
        """Asking for a missing topic creates it on some brokers, with a partition count nobody chose."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        await admin.start()
        try:
            missing = set(self._topics) - set(await admin.list_topics())
        finally:
            await admin.close()
        assert not missing, f"create these topics first: {sorted(missing)}"

    async def _record(self, consumer: AIOKafkaConsumer) -> None:
        async for message in consumer:
            self.records.append(
                Record(
                    topic=message.topic,
                    partition=message.partition,
                    offset=message.offset,
                    key=message.key,
                    headers=tuple(message.headers),
                    value=message.value,
                )
            )

    def leader_of(self, topic: str, partition: int) -> int:
        """The id of the node that leads the partition, as the broker told last."""
        assert self._consumer is not None, "the witness has not been started"
        leader: int = self._consumer._client.cluster.leader_for_partition(TopicPartition(topic, partition))
        return leader

    def of(self, topic: str) -> list[Record]:
        return [record for record in self.records if record.topic == topic]

    async def wait_for(self, count: int, *, topic: str | None = None, timeout: float = 45.0) -> list[Record]:
        """At least `count` records, of one topic or of all."""

        def enough(records: list[Record]) -> bool:
            return len([r for r in records if topic in {None, r.topic}]) >= count

        await self.wait_until(enough, timeout=timeout)
        return [record for record in self.records if topic in {None, record.topic}]

    async def wait_until(self, satisfied: Callable[[list[Record]], bool], *, timeout: float = 45.0) -> None:
        deadline = time.monotonic() + timeout
        while not satisfied(self.records):
            if self._task is not None and self._task.done():
                self._task.result()
            assert time.monotonic() < deadline, f"not seen within {timeout} s; {len(self.records)} records so far"
            await asyncio.sleep(0.02)

    async def settle(self, *, quiet_seconds: float = 1.0, timeout: float = 30.0) -> list[Record]:
        """Wait until nothing new has come for a while, for assertions that something was not published."""
        deadline = time.monotonic() + timeout
        seen, since = len(self.records), time.monotonic()
        while time.monotonic() - since < quiet_seconds:
            assert time.monotonic() < deadline, "records keep coming"
            await asyncio.sleep(0.05)
            if len(self.records) != seen:
                seen, since = len(self.records), time.monotonic()
        return self.records

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
