"""Request limits per user or per org: a virtual queue (GCRA) that costs one number a key.

Each process counts on its own and is given its share of the limit, so replicas need no store between them.
Source: ITU-T I.371, generic cell rate algorithm.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from opsdash_http.errors.problems import too_many_requests

MAXIMUM_KEYS = 50_000
#: However much was charged: a fault of ours must not lock anybody out for long.
LONGEST_DEBT_SECONDS = 30.0
ROUNDING_SECONDS = 1e-6


class RateLimit:
    """At most `burst` requests at once and `per_second` on average, for each key on its own."""

    def __init__(
        self, *, per_second: float, burst: int, replicas: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = replicas / per_second
        self._quota = max(1, burst / replicas)
        self._tolerance = self._interval * self._quota
        self._clock = clock
        self._free_at: OrderedDict[Hashable, float] = OrderedDict()

    def check(self, key: Hashable) -> None:
        """Count one request. Raises the 429 problem, with the whole seconds to wait, when the key is over its limit."""
        self._allow(key, self._interval)

    def check_again(self, key: Hashable) -> None:
        """For a request that was counted and has waited since. Raises when the key was charged meanwhile."""
        self._allow(key, 0.0)

    def charge(self, key: Hashable, requests: float) -> None:
        """Count so many more for what has been done already, so that the next ones wait."""
        now = self._clock()
        free_at = max(self._free_at.get(key, now), now) + requests * self._interval
        self._note(key, min(free_at, now + self._tolerance + LONGEST_DEBT_SECONDS))

    def headers(self, key: Hashable) -> list[tuple[bytes, bytes]]:
        """What a key has left here, in the words of draft-ietf-httpapi-ratelimit-headers-10; nothing of no limit."""
        if not (self._interval and math.isfinite(self._tolerance)):
            return []
        now = self._clock()
        used = max(self._free_at.get(key, now) - now, 0.0)
        left = max(0, math.floor((self._tolerance - used + ROUNDING_SECONDS) / self._interval))
        policy = b'"person";q=%d;w=%d' % (self._quota, math.ceil(self._tolerance))
        return [(b"ratelimit-policy", policy), (b"ratelimit", b'"person";r=%d;t=%d' % (left, math.ceil(used)))]

    def _allow(self, key: Hashable, interval: float) -> None:
        now = self._clock()
        free_at = max(self._free_at.get(key, now), now) + interval
        wait = free_at - self._tolerance - now
        if wait > ROUNDING_SECONDS:
            raise too_many_requests(math.ceil(wait))
        self._note(key, free_at)

    def _note(self, key: Hashable, free_at: float) -> None:
        self._free_at[key] = free_at
        self._free_at.move_to_end(key)
        if len(self._free_at) > MAXIMUM_KEYS:
            self._free_at.popitem(last=False)
