"""Throttle of a loop that is woken for every single thing, so that it handles together what comes meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class Throttle:
    """Lets turns begin no closer together than some seconds; the first one after a quiet while begins at once."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._next = 0.0

    async def turn(self) -> None:
        """Wait until the next turn may begin."""
        if (wait := self._next - self._clock()) > 0:
            await self._sleep(wait)
        self._next = self._clock() + self._seconds
