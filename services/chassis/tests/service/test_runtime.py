"""Recurring work goes on whatever goes wrong in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opsdash_chassis.database.pools import Database
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability import metrics
from opsdash_chassis.service import runtime
from opsdash_chassis.service.runtime import LONGEST_RETRY_SECONDS, Runtime
from structlog.testing import capture_logs

AN_HOUR = 3600.0


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not slept."""
    seconds: list[float] = []

    async def sleep(pause: float) -> None:
        seconds.append(pause)

    monkeypatch.setattr(runtime.asyncio, "sleep", sleep)
    return seconds


class Work:
    """Ends as told, one turn after the other, then for good."""

    def __init__(self, *endings: Exception | None) -> None:
        self.endings = list(endings)

    async def __call__(self, _: Database) -> None:
        if not self.endings:
            raise asyncio.CancelledError
        if error := self.endings.pop(0):
            raise error


async def repeat(work: Work) -> list[dict[str, Any]]:
    """What was logged until the end."""
    process: Any = object.__new__(Runtime)
    process.database = None
    with capture_logs() as lines, pytest.raises(asyncio.CancelledError):
        await process._repeat(AN_HOUR, "purge", work)
    return [dict(line) for line in lines]


async def test_an_unexpected_error_is_logged_counted_and_tried_again(waited: list[float]):
    before = metrics.HOUSEKEEPING_FAILURES.labels("purge")._value.get()
    lines = await repeat(Work(ValueError("a fault of ours"), KeyError("another"), None, None))
    assert [(line["event"], line["task"]) for line in lines] == [("housekeeping_failed", "purge")] * 2
    assert all(line["exc_info"] for line in lines)
    assert metrics.HOUSEKEEPING_FAILURES.labels("purge")._value.get() == before + 2
    assert waited == [1, 2, AN_HOUR, AN_HOUR]


async def test_while_the_database_is_away_one_line_says_so_and_it_is_tried_again_soon(waited: list[float]):
    lines = await repeat(Work(*[Unavailable("The database cannot be reached.")] * 20, None, Unavailable("Locked.")))
    assert [(line["event"], line["reason"]) for line in lines] == [
        ("housekeeping_waits", "The database cannot be reached."), ("housekeeping_waits", "Locked."),
    ]  # fmt: skip
    assert max(waited[:20]) == LONGEST_RETRY_SECONDS
    assert waited[20:] == [AN_HOUR, 1]
