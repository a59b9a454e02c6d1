"""Tasks that live as long as the process; one that dies stops the process instead of leaving a zombie behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import Any

import structlog

from opsdash_chassis.errors import StartupError

log = structlog.get_logger(__name__)


class BackgroundTasks:
    """Starts named tasks; the first that fails asks the process to stop in order."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._ended)
        self._tasks.append(task)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def raise_failure(self) -> None:
        """Raise StartupError if a task failed, so that the process ends with an exit code that says so."""
        if isinstance(self._failure, StartupError):
            raise self._failure
        if self._failure is not None:
            raise StartupError(f"a background task failed: {self._failure!r}") from self._failure

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._failure = self._failure or error
        log.error("background_task_failed", task=task.get_name(), reason=repr(error))
        os.kill(os.getpid(), signal.SIGTERM)
