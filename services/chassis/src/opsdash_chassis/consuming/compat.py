"""What this product needs of FastStream beyond its public interface; seen with 0.7.

Its batch subscriber sleeps after a fetch that brought nothing, as long again as that fetch waited. With a long wait a
lone event comes late, with a short one a consumer that has nothing to do is never idle. The client's own wait ends with
the first record, so nothing needs that sleep. A test fails when the library leaves it out by itself.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer
from faststream.kafka.subscriber import usecase


def wait_in_the_client_only() -> None:
    """Let the batch subscribers of this process look again at once when a fetch brought nothing; safe to repeat."""
    usecase.BatchSubscriber.get_msg = _next_batch  # type: ignore[method-assign, assignment] # see the module


async def _next_batch(subscriber: usecase.BatchSubscriber, consumer: AIOKafkaConsumer) -> tuple[Any, ...]:
    """The records that are there, or the first to come; nothing when the wait is over."""
    fetched = await consumer.getmany(timeout_ms=subscriber.batch_timeout_ms, max_records=subscriber.max_records)
    return tuple(chain.from_iterable(fetched.values()))
