"""A circuit breaker: calls to an upstream that does not answer fail at once, but for one that probes it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import aiohttp
from opsdash_chassis.observability.dependencies import Dependency

#: No answer at all. An upstream that says 503 itself is there.
FAILURES = (TimeoutError, aiohttp.ClientError, ConnectionError)
FAILURES_IN_A_ROW = 5
PAUSE_SECONDS = 1.0
#: An upstream that has answered somebody since then is busy, not away.
QUIET_SECONDS = 1.0


class CircuitOpen(ConnectionError):
    """Not even tried."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the circuit of {name} is open")


class Breaker:
    """Opens after some failures in a row and a while without any answer of that service.

    Each pause it lets one call through, and closes when that is answered.
    """

    def __init__(
        self,
        name: str,
        *,
        failures: int = FAILURES_IN_A_ROW,
        pause_seconds: float = PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._service = Dependency(name, clock=clock)
        self._limit = failures
        self._pause = pause_seconds
        self._clock = clock
        self._in_a_row = 0
        self._answered_at = -math.inf
        self._next_try = 0.0
        self.is_open = False

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around one call. Raises CircuitOpen instead of letting it happen."""
        if self.is_open:
            if self._clock() < self._next_try:
                raise CircuitOpen(self.name)
            self._next_try = self._clock() + self._pause  # this one tries; the others wait for what it finds
        try:
            yield
        except FAILURES as error:
            self._failed(error)
            raise
        except Exception:  # an answer, if not one that can be used
            self._answered()
            raise
        self._answered()

    def _failed(self, error: Exception) -> None:
        now = self._clock()
        self._in_a_row += 1
        self._next_try = now + self._pause
        self.is_open = self.is_open or (self._in_a_row >= self._limit and now - self._answered_at >= QUIET_SECONDS)
        if self.is_open:
            self._service.away(repr(error))

    def _answered(self) -> None:
        if self.is_open or self._answered_at == -math.inf:
            self._service.back()
        self._in_a_row = 0
        self._answered_at = self._clock()
        self.is_open = False
