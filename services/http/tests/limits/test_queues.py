"""Some requests of one person at the same time; the others wait in their order."""

from __future__ import annotations

import asyncio

import pytest
from opsdash_http.errors.problems import Problem
from opsdash_http.limits import queues as module
from opsdash_http.limits.cost import Cost
from opsdash_http.limits.queues import HALF_LIFE_SECONDS, LOOP_SECONDS, MAXIMUM_KEYS, LongSteps, Queues


async def some_turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_what_is_too_many_waits_and_goes_on_in_its_order() -> None:
    queues, entered = Queues(2), list[int]()
    leave = [await queues.enter("a") for _ in range(2)]

    async def enter(number: int) -> None:
        leave.append(await queues.enter("a"))
        entered.append(number)

    waiting = [asyncio.create_task(enter(number)) for number in range(3)]
    await some_turns()
    assert entered == []
    leave[0]()
    await some_turns()
    assert entered == [0]
    leave[1]()
    leave[2]()
    await asyncio.gather(*waiting)
    assert entered == [0, 1, 2]


async def test_others_do_not_wait() -> None:
    queues = Queues(1)
    await queues.enter("a")
    async with asyncio.timeout(60):
        await queues.enter("b")


async def test_leaving_twice_is_leaving_once() -> None:
    queues = Queues(1)
    leave = await queues.enter("a")
    leave()
    leave()
    await queues.enter("a")
    assert queues._running["a"] == 1


async def test_who_waits_too_long_is_429() -> None:
    queues = Queues(1, wait_seconds=0.01)
    leave = await queues.enter("a")
    with pytest.raises(Problem) as refusal:
        await queues.enter("a")
    assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (429, "1")
    leave()
    await queues.enter("a")


async def test_who_is_gone_is_passed_over() -> None:
    queues = Queues(1)
    leave = await queues.enter("a")
    gone, stays = (asyncio.create_task(queues.enter("a")) for _ in range(2))
    await some_turns()
    gone.cancel()
    await some_turns()
    leave()
    (await stays)()
    assert not queues._running


async def test_a_place_that_was_handed_to_somebody_gone_is_handed_on() -> None:
    queues = Queues(1)
    leave = await queues.enter("a")
    gone, stays = (asyncio.create_task(queues.enter("a")) for _ in range(2))
    await some_turns()
    leave()
    gone.cancel()
    async with asyncio.timeout(60):
        (await stays)()
    assert not queues._running
    assert not queues._waiting


class TestLongSteps:
    @pytest.fixture
    def now(self) -> list[float]:
        return [100.0]

    @pytest.fixture
    async def queues(self, now: list[float], monkeypatch: pytest.MonkeyPatch) -> Queues:
        """One in which each request's longest step took half of what all may take."""
        step = Cost()
        step._longest = LOOP_SECONDS / 2
        monkeypatch.setattr(module, "current_cost", lambda: step)
        made = Queues(10, clock=lambda: now[0])
        for _ in range(2):
            (await made.enter("a"))()
        return made

    async def test_one_alone_changes_nothing(self, queues: Queues) -> None:
        (await queues.enter("c"))()
        async with asyncio.timeout(60):
            for _ in range(10):
                await queues.enter("c")

    def test_the_second_longest_counts_and_less_with_time(self, now: list[float]) -> None:
        steps = LongSteps(lambda: now[0])
        for seconds, counted in ((0.5, 0.0), (0.1, 0.1), (0.2, 0.2), (0.7, 0.5), (0.1, 0.5)):
            steps.note("a", seconds)
            assert steps.of("a") == counted
        now[0] += HALF_LIFE_SECONDS
        assert steps.of("a") == 0.25
        steps.note("a", 0.3)
        assert steps.of("a") == 0.3

    async def test_fewer_run_while_theirs_are_long(self, queues: Queues) -> None:
        leave = [await queues.enter("a") for _ in range(2)]
        third = asyncio.create_task(queues.enter("a"))
        await some_turns()
        assert not third.done()
        async with asyncio.timeout(60):
            await queues.enter("b")
        leave[0]()
        async with asyncio.timeout(60):
            await third

    async def test_more_again_after_a_while_and_who_waits_is_not_overtaken(
        self, queues: Queues, now: list[float]
    ) -> None:
        leave = [await queues.enter("a") for _ in range(2)]
        waiting = [asyncio.create_task(queues.enter("a")) for _ in range(2)]
        await some_turns()
        now[0] += HALF_LIFE_SECONDS
        late = asyncio.create_task(queues.enter("a"))
        await some_turns()
        assert not late.done()
        queues._steps.note = lambda *_: None  # type: ignore[method-assign]
        leave[0]()
        async with asyncio.timeout(60):
            await asyncio.gather(*waiting, late)

    async def test_one_always_runs_however_long_its_steps_are(self, queues: Queues) -> None:
        for _ in range(2):
            queues._steps.note("a", 100 * LOOP_SECONDS)
        async with asyncio.timeout(60):
            (await queues.enter("a"))()
            await queues.enter("a")

    async def test_what_is_known_of_steps_is_bounded(self, now: list[float]) -> None:
        steps = LongSteps(lambda: now[0])
        for number in range(MAXIMUM_KEYS + 10):
            for _ in range(2):
                steps.note(number, 1.0)
        assert len(steps._known) == MAXIMUM_KEYS
        assert (steps.of(0), steps.of(MAXIMUM_KEYS)) == (0.0, 1.0)
