"""Turns that keep their distance."""

from __future__ import annotations

import pytest
from opsdash_chassis.outbox.throttle import Throttle


class Watch:
    """A clock that only sleeping and hand move."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def throttle(self, seconds: float) -> Throttle:
        return Throttle(seconds, clock=lambda: self.now, sleep=self.sleep)


async def test_the_first_turn_begins_at_once_and_the_next_ones_keep_their_distance():
    watch = Watch()
    throttle = watch.throttle(2)
    for _ in range(3):
        await throttle.turn()
    assert watch.slept == [2, 2]


@pytest.mark.parametrize(("passed", "slept"), [(1.5, [0.5]), (60, [])], ids=["a moment", "a quiet while"])
async def test_only_what_is_left_is_waited_for(passed: float, slept: list[float]):
    watch = Watch()
    throttle = watch.throttle(2)
    await throttle.turn()
    watch.now += passed
    await throttle.turn()
    assert watch.slept == slept
