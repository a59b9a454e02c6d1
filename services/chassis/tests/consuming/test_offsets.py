"""Only what was handled is committed, many messages at once, and failures are left to the inbox."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError
from opsdash_chassis.consuming import offsets as module
from opsdash_chassis.consuming.offsets import CommitOnRevoke, DeferredCommits, HandledOffsets


class Consumer:
    def __init__(self, *failures: Exception) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.resumed = asyncio.Event()
        self.commits: list[dict[TopicPartition, int]] = []
        self.failures = list(failures)
        self.assigned = {at(0), at(1)}
        self.asked = asyncio.Condition()

    async def until(self, commits: int) -> None:
        async with asyncio.timeout(10), self.asked:
            await self.asked.wait_for(lambda: len(self.commits) >= commits)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.calls.append(("seek", partition, offset))

    def pause(self, partition: TopicPartition) -> None:
        self.calls.append(("pause", partition))

    def resume(self, partition: TopicPartition) -> None:
        self.calls.append(("resume", partition))
        self.resumed.set()

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        async with self.asked:
            self.commits.append(offsets)
            self.asked.notify_all()
        if self.failures:
            raise self.failures.pop(0)


def record(offset: int, partition: int = 0) -> Any:
    empty: Any = ConsumerRecord("topic", partition, offset, 0, 0, b"", b"", None, 0, 0, ())
    return empty


def at(partition: int) -> TopicPartition:
    return TopicPartition("topic", partition)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMIT_EVERY_SECONDS", 0.01)


@pytest.mark.usefixtures("often")
async def test_many_messages_are_one_commit_of_the_next_offset() -> None:
    consumer, offsets = Consumer(), HandledOffsets()
    for number in range(100):
        await offsets.handled(consumer, [record(number, partition=number % 2)])
    await consumer.until(1)
    assert consumer.commits == [{at(0): 99, at(1): 100}]


@pytest.mark.usefixtures("often")
async def test_a_refused_commit_stops_nothing() -> None:
    consumer, offsets = Consumer(CommitFailedError()), HandledOffsets()
    await offsets.handled(consumer, [record(1)])
    await consumer.until(1)
    await offsets.handled(consumer, [record(2)])
    await consumer.until(2)
    assert consumer.commits[-1] == {at(0): 3}


async def test_what_was_set_aside_is_committed_before_anything_else_happens() -> None:
    consumer, offsets = Consumer(), HandledOffsets()
    await offsets.handled(consumer, [record(1)])
    assert consumer.commits == []
    offsets.commit_now()
    await offsets.handled(consumer, [record(2)])
    assert consumer.commits == [{at(0): 3}]


async def test_a_partition_is_left_with_everything_committed() -> None:
    consumer, offsets = Consumer(), HandledOffsets()
    await offsets.handled(consumer, [record(7)])
    await CommitOnRevoke(offsets).on_partitions_revoked({at(0)})
    await CommitOnRevoke(offsets).on_partitions_revoked({at(0)})
    assert consumer.commits == [{at(0): 8}]


async def test_every_handled_message_is_told() -> None:
    told: list[tuple[int, int]] = []
    offsets = HandledOffsets(lambda partition, offset: told.append((partition, offset)))
    for offset, partition in ((3, 0), (4, 0), (9, 1)):
        await offsets.handled(Consumer(), [record(offset, partition)])
    assert told == [(0, 3), (0, 4), (1, 9)]


async def test_a_partition_of_another_member_does_not_keep_the_others_from_being_committed() -> None:
    consumer, offsets = Consumer(), HandledOffsets()
    await offsets.handled(consumer, [record(7), record(3, 1)])
    consumer.assigned = {at(1)}
    await offsets.flush()
    await offsets.flush()
    assert consumer.commits == [{at(1): 4}]


class TestPause:
    async def test_a_message_that_comes_again_holds_back_its_own_partition_for_a_while(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
        consumer = Consumer()
        DeferredCommits(consumer, [record(7)], HandledOffsets()).seek(at(0), 7)
        assert consumer.calls == [("seek", at(0), 7), ("pause", at(0))]
        await asyncio.wait_for(consumer.resumed.wait(), 10)
        assert consumer.calls[2:] == [("resume", at(0))]

    async def test_a_partition_of_another_member_is_left_alone(self) -> None:
        class Moved(Consumer):
            def seek(self, partition: TopicPartition, offset: int) -> None:
                raise IllegalStateError("not assigned")

        consumer = Moved()
        assert DeferredCommits(consumer, [record(7)], HandledOffsets()).hold(record(7)) is False
        assert consumer.calls == []


class TestBatch:
    async def test_acknowledged_it_is_noted_by_partition(self) -> None:
        consumer, offsets = Consumer(), HandledOffsets()
        await DeferredCommits(consumer, [record(4), record(9, 1), record(5), record(10, 1)], offsets).commit()
        await offsets.flush()
        assert consumer.commits == [{at(0): 6, at(1): 11}]

    async def test_a_held_partition_is_not(self) -> None:
        consumer, offsets = Consumer(), HandledOffsets()
        commits = DeferredCommits(consumer, [record(4), record(9, 1), record(5)], offsets)
        commits.hold(record(4))
        await commits.commit()
        await offsets.finish()
        assert (consumer.commits, consumer.calls[0]) == ([{at(1): 10}], ("seek", at(0), 4))


async def test_when_it_finishes_everything_is_committed_at_once() -> None:
    consumer, offsets = Consumer(), HandledOffsets()
    await offsets.finish()
    for offset in (1, 2):
        await DeferredCommits(consumer, [record(offset), record(offset, 1)], offsets).commit()
    assert consumer.commits == [{at(0): 2, at(1): 2}, {at(0): 3, at(1): 3}]
