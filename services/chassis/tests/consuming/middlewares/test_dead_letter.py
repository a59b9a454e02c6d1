"""What becomes of a message that cannot be applied: set aside or held, and its neighbours are applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import ConsumerRecord
from opsdash_chassis.consuming.middlewares.batch import Batch, commits_of
from opsdash_chassis.consuming.middlewares.dead_letter import DeadLetterMiddleware, describe
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_chassis.errors import StorageUnwritable, Unavailable
from opsdash_contracts.envelope import InvalidMessage

from services.chassis.tests.consuming.fakes import Consumer, FakeDeadLetters, batch_of, record, run, subscription

AWAY = Unavailable("The database did not answer in time.")
BAD = InvalidMessage("schema", "no")


class Scene:
    """The middleware before handlers that fail for some records, with what became of each."""

    def __init__(self) -> None:
        self.subscription: Subscription = subscription()
        self.letters: Any = self.subscription.dead_letters
        self.applied: list[tuple[int, ...]] = []
        self.error_of: Callable[[ConsumerRecord[bytes, bytes]], Exception | None] = lambda _: None

    async def pass_through(self, *records: ConsumerRecord[bytes, bytes]) -> Consumer:
        """The consumer as it is left when the batch is acknowledged."""
        batch = batch_of(self.subscription, *records)
        await run(DeadLetterMiddleware, self.subscription, batch, self.call_next)
        await commits_of(batch).commit()
        await self.subscription.offsets.flush()
        consumer: Any = commits_of(batch)._consumer
        return consumer  # type: ignore[no-any-return] # the fake that batch_of made

    async def fails(self, error: Exception) -> Consumer:
        self.error_of = lambda _: error
        return await self.pass_through(record())

    async def call_next(self, batch: Batch) -> None:
        for one in batch.raw_message:
            if error := self.error_of(one):
                raise error
        self.applied.append(tuple(one.offset for one in batch.raw_message))


@pytest.fixture
def scene() -> Scene:
    return Scene()


class TestSingle:
    @pytest.mark.parametrize(
        ("error", "reason"),
        [(InvalidMessage("key-mismatch", "no"), "key-mismatch"), (RuntimeError("secret"), "handler-failed")],
    )
    async def test_it_is_set_aside_with_a_stable_reason(self, scene: Scene, error: Exception, reason: str):
        consumer = await scene.fails(error)
        assert (scene.letters.reasons, consumer.committed) == ([reason], {2: 42})
        assert scene.subscription.progress.ready() == (True, "consuming")

    async def test_its_offset_is_committed_at_once_because_its_coming_again_would_show(self, scene: Scene):
        batch = batch_of(scene.subscription, record())
        scene.error_of = lambda _: BAD
        await run(DeadLetterMiddleware, scene.subscription, batch, scene.call_next)
        consumer: Any = commits_of(batch)._consumer
        assert consumer.committed == {2: 42}

    @pytest.mark.parametrize("error", [AWAY, StorageUnwritable("The storage is full."), Unavailable("Locked.")])
    async def test_a_good_message_is_never_set_aside_because_something_is_away(self, scene: Scene, error: Unavailable):
        for _ in range(50):
            consumer = await scene.fails(error)
            assert (consumer.committed, consumer.sought) == ({}, [(2, 41)])
        progress = scene.subscription.progress
        assert scene.letters.reasons == []
        ready, detail = progress.ready()
        assert (ready, detail.split(" for ")[0]) == (False, "holds opsdash.workspace.v1 partition 2 offset 41")
        assert detail.endswith(f" s: {error.detail}")
        assert progress.live()[0] is True
        scene.error_of = lambda _: None
        assert (await scene.pass_through(record())).committed == {2: 42}
        assert progress.ready()[0] is True

    async def test_what_cannot_be_stored_is_held_until_it_can(self, scene: Scene):
        scene.letters.broken = True
        assert (await scene.fails(BAD)).committed == {}
        assert scene.subscription.progress.ready()[1].endswith("the dead-letter topic does not take messages")
        scene.letters.broken = False
        assert (await scene.fails(BAD)).committed == {2: 42}

    async def test_a_spent_budget_holds_without_storing(self, scene: Scene):
        for _ in range(25):
            await scene.fails(BAD)
        assert (await scene.fails(BAD)).committed == {}
        assert len(scene.letters.reasons) == 25
        assert "budget" in scene.subscription.progress.ready()[1]

    def test_details_never_repeat_what_an_exception_says(self):
        assert describe(RuntimeError("value of a customer")) == ("handler-failed", "RuntimeError")


class TestBatch:
    async def test_it_is_applied_as_one(self, scene: Scene):
        consumer = await scene.pass_through(*(record(offset=offset) for offset in range(5)))
        assert (scene.applied, consumer.committed) == ([(0, 1, 2, 3, 4)], {2: 5})

    async def test_one_bad_message_is_set_aside_and_its_neighbours_are_applied(self, scene: Scene):
        scene.error_of = lambda one: BAD if one.offset == 2 else None
        consumer = await scene.pass_through(*(record(offset=offset) for offset in range(5)))
        assert scene.applied == [(0,), (1,), (3,), (4,)]
        assert (scene.letters.offsets, consumer.committed) == ([2], {2: 5})

    async def test_a_held_message_holds_those_behind_it_and_no_other_partition(self, scene: Scene):
        scene.error_of = lambda one: AWAY if (one.partition, one.offset) == (1, 11) else None
        records = [record(partition=partition, offset=offset) for partition, offset in
                   ((1, 10), (1, 11), (1, 12), (2, 20), (2, 21))]  # fmt: skip
        consumer = await scene.pass_through(*records)
        assert scene.applied == [(10,), (20,), (21,)]
        assert (consumer.sought, consumer.committed) == ([(1, 11)], {1: 11, 2: 22})
        assert "partition 1 offset 11" in scene.subscription.progress.ready()[1]

    async def test_what_another_member_has_by_now_is_not_held_here(self, scene: Scene):
        batch = batch_of(scene.subscription, record(partition=1), record(partition=2))
        consumer: Any = commits_of(batch)._consumer
        consumer.lost = {1}
        scene.error_of = lambda one: AWAY if one.partition == 1 else None
        await run(DeadLetterMiddleware, scene.subscription, batch, scene.call_next)
        assert scene.subscription.progress.ready() == (True, "consuming")
        assert scene.applied == [(41,)]

    async def test_nothing_is_committed_when_it_is_cut_off(self, scene: Scene):
        scene.error_of = lambda _: None

        async def cut_off(_: Batch) -> None:
            raise KeyboardInterrupt

        batch = batch_of(scene.subscription, record(), record(offset=42))
        with pytest.raises(KeyboardInterrupt):
            await run(DeadLetterMiddleware, scene.subscription, batch, cut_off)
        assert scene.subscription.progress.in_flight_since is None
        assert isinstance(scene.letters, FakeDeadLetters)
        assert scene.letters.reasons == []
