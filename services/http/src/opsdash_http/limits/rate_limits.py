"""Request limits per user or per org: a virtual queue (GCRA) that costs one number a key.

Each process counts with the whole limit. Replicas that share one report to each other: see
`opsdash_chassis.kafka.shared_counts`.
Source: ITU-T I.371, generic cell rate algorithm.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeAlias

from opsdash_http.errors.problems import too_many_requests

MAXIMUM_KEYS = 50_000
#: However much was charged: a fault of ours must not lock anybody out for long.
LONGEST_DEBT_SECONDS = 30.0
ROUNDING_SECONDS = 1e-6


#: Called for each use: the key, and how many requests it counts as.
OnCounted: TypeAlias = Callable[[Hashable, float], None]


class RateLimit:
    """At most `burst` requests at once and `per_second` on average, for each key on its own."""

    def __init__(self, *, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / per_second
        self._quota = burst
        self._tolerance = self._interval * burst
        self._clock = clock
        self._free_at: OrderedDict[Hashable, float] = OrderedDict()
        self._on_counted: OnCounted = _ignore

    def report_to(self, on_counted: OnCounted) -> None:
        """Call it for everything that is counted here; in the middle of a request, so it must be quick."""
        self._on_counted = on_counted

    def check(self, key: Hashable) -> None:
        """Count one request. Raises the 429 problem, with the whole seconds to wait, when the key is over its limit."""
        self._allow(key, self._interval)
        self._on_counted(key, 1.0)

    def check_again(self, key: Hashable) -> None:
        """For a request that was counted and has waited since. Raises when the key was charged meanwhile."""
        self._allow(key, 0.0)

    def charge(self, key: Hashable, requests: float) -> None:
        """Count so many more for what has been done already, so that the next ones wait."""
        self.charge_for_others(key, requests)
        self._on_counted(key, requests)

    def charge_for_others(self, key: Hashable, requests: float, *, seconds_ago: float = 0.0) -> None:
        """Count what another replica has let through, as of then: what is long ago takes nothing from now."""
        now = self._clock()
        then = now - seconds_ago
        free_at = max(self._free_at.get(key, then), then) + requests * self._interval
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


def _ignore(key: Hashable, requests: float) -> None:
    """For a limit that is not shared."""
