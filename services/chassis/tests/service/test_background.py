"""A background task that dies takes the process with it, with a reason."""

from __future__ import annotations

import asyncio
import signal

import pytest
from opsdash_chassis.errors import StartupError
from opsdash_chassis.service.background import BackgroundTasks


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sent: list[int] = []
    monkeypatch.setattr("opsdash_chassis.service.background.os.kill", lambda _, number: sent.append(number))
    return sent


async def fail(error: Exception) -> None:
    raise error


class TestBackgroundTasks:
    async def test_a_failure_asks_the_process_to_stop_and_is_raised_at_the_end(self, signals: list[int]):
        tasks = BackgroundTasks()
        tasks.start("first", fail(StartupError("topic is missing")))
        await asyncio.sleep(0)
        tasks.start("second", fail(ValueError("later")))
        await asyncio.sleep(0.01)
        assert signals == [signal.SIGTERM, signal.SIGTERM]
        with pytest.raises(StartupError, match="topic is missing"):
            tasks.raise_failure()

    async def test_an_unexpected_failure_is_told_as_one(self, signals: list[int]):
        tasks = BackgroundTasks()
        tasks.start("task", fail(ValueError("odd")))
        await asyncio.sleep(0.01)
        assert signals
        with pytest.raises(StartupError, match="a background task failed: ValueError"):
            tasks.raise_failure()

    async def test_cancelled_and_finished_tasks_are_no_failure(self, signals: list[int]):
        tasks = BackgroundTasks()
        tasks.start("endless", asyncio.sleep(60))
        tasks.start("short", asyncio.sleep(0))
        await asyncio.sleep(0.01)
        await tasks.cancel()
        assert signals == []
        tasks.raise_failure()
