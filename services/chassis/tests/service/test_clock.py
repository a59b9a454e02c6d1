"""The difference to the database's clock: measured with the way halved, said when it gets worse or better."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from opsdash_chassis.service.clock import DIFFERENCE, LEEWAY_SECONDS, ClockWatch
from structlog.testing import capture_logs

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clocks:
    """The database says noon; our clock is `off` by so much, and asking takes `way` seconds, half of them each way."""

    def __init__(self, off: float = 0.0, way: float = 0.0) -> None:
        self.off, self.way = off, way
        self.passed = 0.0

    async def database(self) -> datetime:
        self.passed += self.way
        return NOON

    def ours(self) -> float:
        return NOON.timestamp() + self.way / 2 + self.off

    def watch(self) -> ClockWatch:
        return ClockWatch(self.database, clock=self.ours, stopwatch=lambda: self.passed)


@pytest.mark.parametrize(
    ("off", "ready", "text"),
    [
        (0, True, "+0.0 s from the database's"),
        (-LEEWAY_SECONDS, True, "-60.0 s from the database's"),
        (LEEWAY_SECONDS + 1, False, "the clock of this machine is 61 s ahead of the database's"),
        (-5400, False, "the clock of this machine is 5400 s behind the database's"),
    ],
)
async def test_beyond_the_leeway_of_tokens_a_process_is_not_ready(off: float, ready: bool, text: str):
    watch = Clocks(off=off, way=0.4).watch()
    await watch.measure()
    assert watch.ready() == (ready, text)
    assert DIFFERENCE._value.get() == pytest.approx(off)


async def test_a_slow_answer_is_no_difference():
    watch = Clocks(way=150.0).watch()
    await watch.measure()
    assert watch.ready()[0]


async def test_a_line_each_time_it_gets_worse_or_better():
    clocks = Clocks()
    watch = clocks.watch()
    with capture_logs() as lines:
        for clocks.off in (0.1, 7, 8, -5400, -5400, -6, 0, 0):
            await watch.measure()
    assert [(line["event"], line["difference_seconds"]) for line in lines] == [
        ("clock_off", 7), ("clock_wrong", -5400), ("clock_off", -6), ("clock_right", 0),
    ]  # fmt: skip


def test_before_the_first_comparison_nothing_is_held_against_it():
    assert Clocks().watch().ready()[0]
