"""Long work lets others go first when its turn is over, and not before."""

from __future__ import annotations

import asyncio

import pytest
from opsdash_chassis.turns import Turns


class Clock:
    """Stands still but for the steps of the work."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("step", "served"), [(0.25, 12), (1.0, 50), (0.01, 0)])
async def test_others_go_first_each_time_a_turn_has_lasted_long_enough(step: float, served: int) -> None:
    clock, seen = Clock(), 0

    async def other() -> None:
        nonlocal seen
        while True:
            await asyncio.sleep(0)
            seen += 1

    turns = Turns(1.0, clock=clock)
    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    for _ in range(50):
        clock.now += step
        await turns.over()
    task.cancel()
    assert seen == served
