"""How late messages of other processes are, by clocks that need not agree: compared with the quickest lately."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

MAXIMUM_SENDERS = 1000
#: What was the quickest is forgotten within two of these: clocks drift apart, and one stands still with its machine.
WINDOW_SECONDS = 120.0


@dataclass(slots=True)
class _Sender:
    """The least differences between a sender's clock and this one, in this window and in the one before."""

    least: float
    before: float
    began: float


class Lateness:
    """Of a sender's first message nothing is known: it counts as in time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._senders: dict[Hashable, _Sender] = {}

    def of(self, sender: Hashable, sent_at: float) -> float:
        """Seconds, by the sender's monotonic clock and this process's."""
        now = self._clock()
        difference = now - sent_at
        known = self._senders.pop(sender, None) or _Sender(difference, difference, now)
        if now - known.began > WINDOW_SECONDS:
            known = _Sender(difference, known.least, now)
        known.least = min(known.least, difference)
        self._senders[sender] = known  # behind all others: whoever was silent longest is forgotten first
        if len(self._senders) > MAXIMUM_SENDERS:
            del self._senders[next(iter(self._senders))]
        return difference - min(known.least, known.before)
