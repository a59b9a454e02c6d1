"""How late messages of other processes are, by clocks that need not agree: compared with the quickest before."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

MAXIMUM_SENDERS = 1000
#: By how much of the time two monotonic clocks may drift apart, and more.
DRIFT = 0.001


class Lateness:
    """Of a sender's first message nothing is known: it counts as in time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        #: Of each sender the difference between its clock and this one with the least delay, and when that was seen.
        self._least: dict[Hashable, tuple[float, float]] = {}

    def of(self, sender: Hashable, sent_at: float) -> float:
        """Seconds, by the sender's monotonic clock and this process's."""
        now = self._clock()
        difference = now - sent_at
        least, seen_at = self._least.get(sender, (difference, now))
        least = min(difference, least + (now - seen_at) * DRIFT)
        if sender not in self._least and len(self._least) >= MAXIMUM_SENDERS:
            del self._least[next(iter(self._least))]
        self._least[sender] = least, now
        return difference - least
