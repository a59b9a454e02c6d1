"""Lets long work of one request share the event loop with everybody else's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

SECONDS = 0.005


class Turns:
    """Long work asks between its steps whether its turn is over; each step must be short by itself."""

    def __init__(self, seconds: float = SECONDS, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds

    async def over(self) -> None:
        """Let the others go first if this turn has lasted long enough."""
        if self._clock() >= self._ends:
            await asyncio.sleep(0)
            self._ends = self._clock() + self._seconds
