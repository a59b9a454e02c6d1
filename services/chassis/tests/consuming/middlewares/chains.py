"""A middleware of the chain, run on batches without a broker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from faststream import ContextRepo
from faststream.kafka.message import KafkaAckableMessage
from opsdash_chassis.consuming.middlewares.batch import Batch, SubscriptionMiddleware
from opsdash_chassis.consuming.offsets import DeferredCommits
from opsdash_chassis.consuming.subscription import Subscription


class Consumer:
    """Notes what it is asked for."""

    def __init__(self) -> None:
        self.sought: list[tuple[int, int]] = []
        self.committed: dict[int, int] = {}

    def seek(self, partition: TopicPartition, offset: int) -> None:
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
