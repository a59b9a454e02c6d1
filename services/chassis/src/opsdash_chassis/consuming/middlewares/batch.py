"""The batch that passes the middlewares: a message of the framework that holds several records of one topic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Any, TypeAlias, cast

from faststream import BaseMiddleware, ContextRepo, StreamMessage
from faststream.kafka import KafkaMessage

from opsdash_chassis.consuming.faststream_adapter import Record
from opsdash_chassis.consuming.handler import NewEvents
from opsdash_chassis.consuming.offsets import DeferredCommits
from opsdash_chassis.consuming.subscription import Subscription

Batch: TypeAlias = "StreamMessage[tuple[Record, ...]]"
CallNext: TypeAlias = Callable[[Batch], Awaitable[Any]]


class SubscriptionMiddleware(BaseMiddleware[Any, Any]):
    """A middleware that knows the subscription whose batches it sees."""

    def __init__(self, msg: tuple[Record, ...], /, *, context: ContextRepo, subscription: Subscription) -> None:
        super().__init__(msg, context=context)
        self.subscription = subscription


def commits_of(batch: Batch) -> DeferredCommits:
    return cast("DeferredCommits", cast("KafkaMessage", batch).consumer)


def part_of(batch: Batch, records: Sequence[Record]) -> Batch:
    """A batch of some of its records."""
    part = copy(batch)
    part.raw_message = tuple(records)
    return part


def with_body(batch: Batch, new: NewEvents) -> Batch:
    """The batch as the handlers get it."""
    decoded = copy(batch)
    decoded.body = new
    return decoded
