"""A request is measured step by step, and one that costs more than one counts as more."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from litestar import Router, get
from litestar.testing import AsyncTestClient
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import create_app
from opsdash_http.limits.cost import Cost, current_cost, measured
from opsdash_http.limits.rate_limits import RateLimit
from opsdash_http.security.authentication import PUBLIC

HUNDREDTH = 0.01


def compute(seconds: float) -> None:
    """Use so much processor time of this thread."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass


class Limit(RateLimit):
    """Remembers what it is told to charge."""

    def __init__(self) -> None:
        super().__init__(per_second=1, burst=1)
        self.charged: list[tuple[Any, float]] = []

    def charge(self, key: Any, requests: float) -> None:
        self.charged.append((key, requests))


async def charged(work: Any) -> list[tuple[Any, float]]:
    """What somebody pays who lets this work be done."""
    limit = Limit()

    async def paid() -> None:
        current_cost().is_paid_by(limit, "somebody")
        await work()

    await asyncio.create_task(measured(paid()))
    return limit.charged


async def test_the_longest_step_is_known_and_waiting_ends_a_step() -> None:
    found = list[float]()

    async def work() -> None:
        for hundredths in (1, 4, 2):
            compute(hundredths * HUNDREDTH)
            await asyncio.sleep(0)
        found.append(current_cost().longest_step)
        compute(6 * HUNDREDTH)
        found.append(current_cost().longest_step)

    await asyncio.create_task(measured(work()))
    assert 4 * HUNDREDTH <= found[0] < 6 * HUNDREDTH <= found[1]


class TestWhatCounts:
    async def test_work_between_waits_adds_up(self) -> None:
        async def work() -> None:
            for _ in range(5):
                compute(2 * HUNDREDTH)
                await asyncio.sleep(0)

        ((_, more),) = await charged(work)
        assert 9 <= more <= 15

    async def test_waiting_does_not_count_nor_does_the_work_of_others(self) -> None:
        async def other() -> None:
            compute(5 * HUNDREDTH)

        async def work() -> None:
            task = asyncio.create_task(asyncio.sleep(0.05))
            await asyncio.gather(task, asyncio.create_task(other()))

        assert await charged(work) == []

    async def test_a_step_that_got_no_processor_does_not_count(self) -> None:
        async def work() -> None:
            time.sleep(0.2)  # noqa: ASYNC251 - as on a machine that others keep busy
            await asyncio.sleep(0)

        assert await charged(work) == []

    async def test_the_work_before_a_step_does_not_count(self) -> None:
        async def work() -> None:
            await asyncio.create_task(other())
            time.sleep(0.2)  # noqa: ASYNC251 - so that the processor is asked

        async def other() -> None:
            compute(5 * HUNDREDTH)

        assert await charged(work) == []

    async def test_little_work_does_not_count(self) -> None:
        async def work() -> None:
            await asyncio.sleep(0)

        assert await charged(work) == []

    async def test_what_another_service_says_counts_too(self) -> None:
        async def work() -> None:
            for value in ("loop;dur=50.0", "", "nonsense", "loop;dur=x"):
                await asyncio.create_task(told(value))

        async def told(value: str) -> None:
            current_cost().add({"server-timing": value})

        ((_, more),) = await charged(work)
        assert 4 <= more <= 5

    async def test_each_pays_once(self) -> None:
        async def work() -> None:
            compute(2 * HUNDREDTH)

        limit = Limit()

        async def paid() -> None:
            for _ in range(3):
                current_cost().is_paid_by(limit, "somebody")
            await work()

        await asyncio.create_task(measured(paid()))
        assert len(limit.charged) == 1

    def test_the_cost_is_known_within_a_step(self) -> None:
        cost = Cost()
        cost.begin_step()
        compute(2 * HUNDREDTH)
        assert cost.seconds >= 2 * HUNDREDTH
        assert float(cost.told().removeprefix(b"loop;dur=")) >= 20


class TestTheWorkItself:
    async def test_its_error_is_raised(self) -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await measured(work())

    async def test_an_error_of_what_it_awaits_reaches_it(self) -> None:
        async def fails() -> None:
            raise LookupError

        caught = []

        async def work() -> None:
            try:
                await asyncio.create_task(fails())
            except LookupError as error:
                caught.append(error)

        await measured(work())
        assert len(caught) == 1

    async def test_it_can_be_cancelled_and_is_paid_all_the_same(self) -> None:
        limit, ended = Limit(), []

        async def work() -> None:
            current_cost().is_paid_by(limit, "somebody")
            compute(2 * HUNDREDTH)
            try:
                await asyncio.sleep(3600)
            finally:
                ended.append(True)

        task = asyncio.create_task(measured(work()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (ended, len(limit.charged)) == ([True], 1)

    async def test_its_deadlines_hold(self) -> None:
        async def work() -> None:
            async with asyncio.timeout(0.01):
                await asyncio.sleep(3600)

        with pytest.raises(TimeoutError):
            await measured(work())


class TestApplication:
    async def test_a_service_behind_the_gateway_tells_what_an_answer_cost(self, settings: ServiceSettings) -> None:
        @get("/works")
        async def works() -> None:
            compute(5 * HUNDREDTH)

        router = Router("/", route_handlers=[works], opt={"authentication": PUBLIC})
        async with AsyncTestClient(create_app(settings, route_handlers=[router], public_prefix="/api")) as client:
            told = (await client.get("/works")).headers["server-timing"]
        assert float(told.removeprefix("loop;dur=")) >= 50

    async def test_the_gateway_tells_nobody(self, settings: ServiceSettings) -> None:
        async with AsyncTestClient(create_app(settings, route_handlers=[])) as client:
            assert "server-timing" not in (await client.get("/nothing")).headers
