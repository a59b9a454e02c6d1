"""What a request costs: the processor time of its steps on the event loop, here and in the services it asks.

The time in which nobody else is served is what one person can take from the others, so it counts against their limit.
"""

from __future__ import annotations

import threading
from collections.abc import Coroutine, Generator, Hashable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from time import perf_counter, thread_time
from types import coroutine
from typing import Any

from opsdash_http.limits.rate_limits import RateLimit

HEADER = "server-timing"
_NAME = "loop;dur="
#: What one request may cost before it counts more than once.
SECONDS_OF_ONE = 0.01
#: How exact the processor time of a step is. A look at that clock costs ten at the other, more on a busy machine.
EXACT_SECONDS = 0.001


class _Look(threading.local):
    """The last look at both clocks in this thread."""

    at = 0.0
    processor = 0.0


_look = _Look()


class Cost:
    """Of one request. Processor time and not time: a request does not pay for a busy machine."""

    __slots__ = ("_began", "_longest", "_payers", "_seconds")

    def __init__(self) -> None:
        self._seconds = 0.0
        self._began = 0.0
        self._longest = 0.0
        self._payers: set[tuple[RateLimit, Hashable]] = set()

    def begin_step(self) -> None:
        self._began = now = perf_counter()
        if now - _look.at > EXACT_SECONDS:
            _look.at, _look.processor = now, thread_time()

    def end_step(self) -> None:
        step = self._step
        self._seconds += step
        self._longest = max(self._longest, step)
        self._began = 0.0

    @property
    def _step(self) -> float:
        """Seconds of the present one: a short one took the processor all the time, of a longer one it is asked."""
        if not self._began:
            return 0.0
        step = perf_counter() - self._began
        return step if step < EXACT_SECONDS else min(step, thread_time() - _look.processor)

    @property
    def longest_step(self) -> float:
        """Seconds for which nobody else was served in one go: here only, and the present step too."""
        return max(self._longest, self._step)

    @property
    def seconds(self) -> float:
        """Up to now, within a step too."""
        return self._seconds + self._step

    def add(self, headers: Mapping[str, str]) -> None:
        """What the service that gave this answer says it cost."""
        told = headers.get(HEADER, "")
        with suppress(ValueError):
            self._seconds += float(told.removeprefix(_NAME) or 0) / 1000

    def told(self) -> bytes:
        """The value of the header."""
        return f"{_NAME}{self.seconds * 1000:.1f}".encode("ascii")

    def is_paid_by(self, limit: RateLimit, key: Hashable) -> None:
        self._payers.add((limit, key))

    def settle(self) -> None:
        """Count a request that cost more than one as as many as it cost."""
        more = self.seconds / SECONDS_OF_ONE - 1
        if more > 0:
            for limit, key in self._payers:
                limit.charge(key, more)


_cost: ContextVar[Cost | None] = ContextVar("cost", default=None)


def current_cost() -> Cost:
    """Of the request that is being answered; elsewhere one that nobody pays."""
    return _cost.get() or Cost()


async def measured(work: Coroutine[Any, Any, None]) -> None:
    """Await a request's work, measure it, and have it paid."""
    cost = Cost()
    _cost.set(cost)  # the server runs each request in a context of its own: nothing to undo
    try:
        await _stepwise(work, cost)
    finally:
        cost.settle()


@coroutine
def _stepwise(work: Coroutine[Any, Any, None], cost: Cost) -> Generator[Any, Any, None]:
    """What `await work` does, with a look at the clock around each step."""
    value: Any = None
    error: BaseException | None = None
    while True:
        cost.begin_step()
        try:
            awaited = work.send(value) if error is None else work.throw(error)
        except StopIteration:
            return
        finally:
            cost.end_step()
        value, error = None, None
        try:
            value = yield awaited
        except BaseException as raised:  # noqa: BLE001 - it is the work's
            error = raised
