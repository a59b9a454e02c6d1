"""Request limits per user or per org: a virtual queue (GCRA) that costs one number a key.

Each process counts on its own and is given its share of the limit, so replicas need no store between them.
Source: ITU-T I.371, generic cell rate algorithm.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from opsdash_chassis.http.problems import too_many_requests

MAXIMUM_KEYS = 50_000
ROUNDING_SECONDS = 1e-6


class RateLimit:
    """At most `burst` requests at once and `per_second` on average, for each key on its own."""

    def __init__(
        self, *, per_second: float, burst: int, replicas: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = replicas / per_second
        self._tolerance = self._interval * max(1, burst / replicas)
        self._clock = clock
        self._free_at: OrderedDict[Hashable, float] = OrderedDict()

    def check(self, key: Hashable) -> None:
        """Count one request. Raises the 429 problem, with the whole seconds to wait, when the key is over its limit."""
        now = self._clock()
        free_at = max(self._free_at.get(key, now), now) + self._interval
        wait = free_at - self._tolerance - now
        if wait > ROUNDING_SECONDS:
            raise too_many_requests(math.ceil(wait))
        self._free_at[key] = free_at
        self._free_at.move_to_end(key)
        if len(self._free_at) > MAXIMUM_KEYS:
            self._free_at.popitem(last=False)
