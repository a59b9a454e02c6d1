"""Commits the offsets of handled messages, for many of them at once and a moment later.

A commit after each message is a round trip that cost more than most handlers. Nothing is committed before it was
handled; what a crash keeps from being committed comes again, and the inbox knows it.

FastStream reads a rejected message again at once (https://github.com/ag2ai/faststream/issues/1721); here its partition
pauses first, so that order is kept and an outage does not spin.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError

log = structlog.get_logger(__name__)

COMMIT_EVERY_SECONDS = 0.1
GIVE_UP_SECONDS = 3.0
#: Until a message that could not be handled comes again: at once would spin.
PAUSE_SECONDS = 5.0


class HandledOffsets:
    """What one topic's consumer has handled and not committed yet, and which of its partitions pause.

    `on_handled` is told partition and offset of every handled message.
    """

    def __init__(self, on_handled: Callable[[int, int], None] = lambda _partition, _offset: None) -> None:
        self._on_handled = on_handled
        self._pauses: dict[TopicPartition, asyncio.TimerHandle] = {}
        self._next: dict[TopicPartition, int] = {}
        self._consumer: AIOKafkaConsumer | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._committing = asyncio.Lock()
        self._flushing: asyncio.Task[None] | None = None
        self._at_once = False
        self._finishing = False

    def commit_now(self) -> None:
        """Commit with the next handled message instead of later: its coming again would show."""
        self._at_once = True

    async def finish(self) -> None:
        """Leave nothing uncommitted behind, neither what waits nor the batch in hand."""
        for timer in self._pauses.values():
            timer.cancel()
        self._finishing = True
        await self.flush()

    async def handled(self, consumer: AIOKafkaConsumer, records: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
        """Note that everything up to these records, of their partitions, has been dealt with."""
        self._consumer = consumer
        for record in records:
            partition = TopicPartition(record.topic, record.partition)
            self._next[partition] = max(self._next.get(partition, 0), record.offset + 1)
            self._on_handled(record.partition, record.offset)
        if self._at_once or self._finishing:
            self._at_once = False
            await self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(COMMIT_EVERY_SECONDS, self._start_flush)

    def pause(self, consumer: AIOKafkaConsumer, partition: TopicPartition, seconds: float) -> None:
        """Read nothing of the partition for a while; the others go on."""
        consumer.pause(partition)
        if timer := self._pauses.pop(partition, None):
            timer.cancel()
        jittered = seconds * random.uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        self._pauses[partition] = asyncio.get_running_loop().call_later(jittered, self._resume, consumer, partition)

    def _resume(self, consumer: AIOKafkaConsumer, partition: TopicPartition) -> None:
        self._pauses.pop(partition, None)
        with suppress(IllegalStateError):
            consumer.resume(partition)

    async def flush(self) -> None:
        """Commit now. A broker that refuses or does not answer is no error: the messages come again."""
        async with self._committing:
            handled, self._next = self._next, {}
            if self._consumer is None:
                return
            # One that is another member's by now would have the commit of all refused.
            assigned = self._consumer.assignment()
            offsets = {partition: offset for partition, offset in handled.items() if partition in assigned}
            if not offsets:
                return
            try:
                async with asyncio.timeout(GIVE_UP_SECONDS):
                    await self._consumer.commit(offsets)
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("offsets_not_committed", reason=repr(error))

    def _start_flush(self) -> None:
        self._timer = None
        self._flushing = asyncio.create_task(self.flush())


class DeferredCommits:
    """The consumer of one batch, as the framework sees it: acknowledging is noted and committed a moment later.

    `held` are the partitions whose first message that could not be applied comes again, with those behind it.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, records: Sequence[ConsumerRecord[bytes, bytes]], offsets: HandledOffsets
    ) -> None:
        self._consumer = consumer
        self._records = records
        self._offsets = offsets
        self.held: set[int] = set()

    async def commit(self) -> None:
        """Note all records of the batch as handled, but those of held partitions."""
        last = {record.partition: record for record in self._records if record.partition not in self.held}
        await self._offsets.handled(self._consumer, last.values())

    async def handled(self, record: ConsumerRecord[bytes, bytes]) -> None:
        await self._offsets.handled(self._consumer, [record])

    def hold(self, record: ConsumerRecord[bytes, bytes], *, seconds: float = PAUSE_SECONDS) -> bool:
        """Let the record come again, with those behind it in its partition, after a pause.

        False when the partition is another member's by now, to whom it comes.
        """
        self.held.add(record.partition)
        return self._read_again(TopicPartition(record.topic, record.partition), record.offset, seconds)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """What the framework calls to have a message again: after a pause."""
        self._read_again(partition, offset, PAUSE_SECONDS)

    def _read_again(self, partition: TopicPartition, offset: int, seconds: float) -> bool:
        try:
            self._consumer.seek(partition, offset)
            self._offsets.pause(self._consumer, partition, seconds)
        except IllegalStateError:
            return False
        return True


class CommitOnRevoke(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Rebalance listener: commits what was handled before its partitions are revoked."""

    def __init__(self, offsets: HandledOffsets, on_assigned: Callable[[], None] = lambda: None) -> None:
        self._offsets = offsets
        self._on_assigned = on_assigned

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002 - the listener of aiokafka
        await self._offsets.flush()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:  # noqa: ARG002 - the listener of aiokafka
        """Reading goes on where the group has committed, and no partition pauses any more."""
        self._on_assigned()
