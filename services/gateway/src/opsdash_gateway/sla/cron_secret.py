"""The secret of the cron route: two accepted while it is rotated, guesses limited per source."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from opsdash_http.asgi import ReadOnlyScope
from opsdash_http.errors.problems import Problem, too_many_requests
from opsdash_http.requests.addresses import source_of
from opsdash_http.security.internal import ServiceToken

ALLOWED_REFUSALS = 10
WINDOW_SECONDS = 60.0
MAXIMUM_SOURCES = 10_000


class Refusals:
    """Counts refused calls per source over the last minute; forgets the quietest source when there are too many."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sources: OrderedDict[str, deque[float]] = OrderedDict()

    def too_many(self, source: str) -> int | None:
        """Count one more; seconds to wait when it is above the limit."""
        now = self._clock()
        times = self._sources.setdefault(source, deque())
        self._sources.move_to_end(source)
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        if len(times) >= ALLOWED_REFUSALS:
            return max(1, round(times[0] + WINDOW_SECONDS - now))
        times.append(now)
        if len(self._sources) > MAXIMUM_SOURCES:
            self._sources.popitem(last=False)
        return None


class CronSecret(ServiceToken):
    """A right secret is always let in, so that somebody who guesses behind the same address cannot lock cron out."""

    def __init__(self, secrets: str) -> None:
        super().__init__(secrets)
        self._refusals = Refusals()

    def refusal(self, scope: ReadOnlyScope) -> Problem:
        seconds = self._refusals.too_many(source_of(scope))
        return super().refusal(scope) if seconds is None else too_many_requests(seconds)
