"""Stand-ins with the behaviour that matters, and records as the broker hands them out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaTimeoutError
from faststream import ContextRepo
from faststream.kafka.message import KafkaAckableMessage
from opsdash_chassis.consuming.handler import BatchHandler, Handler
from opsdash_chassis.consuming.middlewares.batch import Batch, SubscriptionMiddleware
from opsdash_chassis.consuming.offsets import DeferredCommits
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_contracts.topics import WORKSPACE


def record(
    value: bytes | None = b"value",
    headers: tuple[tuple[str, bytes], ...] = (),
    *,
    partition: int = 2,
    offset: int = 41,
    key: bytes = b"key",
) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(
        topic=WORKSPACE, partition=partition, offset=offset, timestamp=0, timestamp_type=0, key=key, value=value,
        checksum=None, serialized_key_size=3, serialized_value_size=5, headers=headers,
    )  # fmt: skip


class FakeDeadLetters:
    """Takes letters, or refuses them while `broken`."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.offsets: list[int] = []
        self.broken = False

    async def publish(self, record: ConsumerRecord[bytes, bytes], *, group: str, reason: str, detail: str) -> None:
        if self.broken:
            raise KafkaTimeoutError
        self.reasons.append(reason)
        self.offsets.append(record.offset)

    async def close(self) -> None:
        pass


class FakeDatabase:
    """A database that holds an inbox only. `commits` counts transactions, `remembered` is what they left."""

    def __init__(self) -> None:
        self.remembered: dict[UUID, bytes] = {}
        self.commits = 0

    @asynccontextmanager
    async def worker_transaction(self) -> AsyncIterator[Any]:
        before = dict(self.remembered)
        try:
            yield SimpleNamespace(fetch=self._fetch)
        except BaseException:
            self.remembered = before
            raise
        self.commits += 1

    async def _fetch(self, statement: str, _: str, ids: Sequence[UUID], digests: Sequence[bytes] = ()) -> Any:
        if statement.lstrip().startswith("SELECT"):
            return [{"event_id": one, "content_sha256": self.remembered[one]} for one in ids]
        new = [(one, digest) for one, digest in zip(ids, digests, strict=True) if one not in self.remembered]
        self.remembered.update(new)
        return [{"event_id": one, "transaction_time": datetime.now(UTC)} for one, _ in new]


def subscription(handlers: dict[str, Handler | BatchHandler] | None = None) -> Subscription:
    """A subscription of tickets to the workspace topic, with fakes around it."""
    database: Any = FakeDatabase()
    letters: Any = FakeDeadLetters()
    return Subscription(
        service="tickets", topic=WORKSPACE, handlers=handlers or {}, database=database, dead_letters=letters
    )


class Consumer:
    """Notes what it is asked for; partitions that are `lost` belong to another member of the group."""

    def __init__(self) -> None:
        self.sought: list[tuple[int, int]] = []
        self.committed: dict[int, int] = {}
        self.lost: set[int] = set()

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(WORKSPACE, number) for number in range(12) if number not in self.lost}

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition.partition in self.lost:
            raise IllegalStateError
        self.sought.append((partition.partition, offset))

    def pause(self, partition: TopicPartition) -> None:
        """Reading goes on after a while."""

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.update({partition.partition: offset for partition, offset in offsets.items()})


def batch_of(subscription: Subscription, *records: ConsumerRecord[bytes, bytes]) -> Batch:
    consumer: Any = Consumer()
    commits: Any = DeferredCommits(consumer, records, subscription.offsets)
    return KafkaAckableMessage(raw_message=records, body=b"", consumer=commits)


async def run(
    middleware: type[SubscriptionMiddleware],
    subscription: Subscription,
    batch: Batch,
    call_next: Callable[[Batch], Awaitable[Any]],
) -> Any:
    link = middleware(batch.raw_message, context=ContextRepo(), subscription=subscription)
    return await link.consume_scope(call_next, batch)
