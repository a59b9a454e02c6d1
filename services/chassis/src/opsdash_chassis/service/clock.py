"""How far the clock of this machine is from the database's.

Tokens are judged by the one, everything else by the other. Beyond the leeway of the tokens good ones are refused, so
a process whose clock is that far off takes no requests.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from prometheus_client import Gauge

log = structlog.get_logger(__name__)

DIFFERENCE = Gauge("opsdash_clock_difference_seconds", "The clock of this machine minus the database's")
EVERY_SECONDS = 30.0
#: By how much two clocks may differ: tokens are taken for that much longer, and beyond it nothing is.
LEEWAY_SECONDS = 60
WORTH_A_LINE_SECONDS = 5.0


class ClockWatch:
    """Compares when told to; the way there and back counts half."""

    def __init__(
        self,
        database_time: Callable[[], Awaitable[datetime]],
        *,
        clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database_time = database_time
        self._clock = clock
        self._stopwatch = stopwatch
        self._difference = 0.0
        self._said = ""

    async def measure(self) -> None:
        """Raises what asking for the time raises; the last difference stays then."""
        started = self._stopwatch()
        theirs = await self._database_time()
        ours = self._clock() - (self._stopwatch() - started) / 2
        self._difference = ours - theirs.timestamp()
        DIFFERENCE.set(self._difference)
        self._say()

    def ready(self) -> tuple[bool, str]:
        """False beyond the leeway."""
        seconds = abs(self._difference)
        if seconds > LEEWAY_SECONDS:
            side = "behind" if self._difference < 0 else "ahead of"
            return False, f"the clock of this machine is {seconds:.0f} s {side} the database's"
        return True, f"{self._difference:+.1f} s from the database's"

    def _say(self) -> None:
        """A line whenever it gets worse or better."""
        seconds = abs(self._difference)
        state = "wrong" if seconds > LEEWAY_SECONDS else "off" if seconds > WORTH_A_LINE_SECONDS else ""
        if state == self._said:
            return
        self._said = state
        tell = {"wrong": log.error, "off": log.warning}.get(state, log.info)
        tell(f"clock_{state or 'right'}", difference_seconds=round(self._difference, 1), leeway_seconds=LEEWAY_SECONDS)
