"""Liveness of a consumer measured by progress: a ping of the broker does not notice a stuck loop."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from opsdash_chassis import metrics

STUCK_AFTER_SECONDS = 120.0


@dataclass
class ConsumerProgress:
    """What one topic's consumer does at the moment. Times are monotonic seconds."""

    topic: str
    in_flight_since: float | None = None
    paused_for: str = ""
    assigned: bool = False
    lag: int = 0
    last_moved: float = field(default_factory=time.monotonic)

    def started(self) -> None:
        self.in_flight_since = time.monotonic()

    def finished(self) -> None:
        """A message was applied or set aside, so the consumer moves."""
        self.in_flight_since = None
        self.last_moved = time.monotonic()
        self._set_pause("")

    def abandoned(self) -> None:
        """The message goes back to the broker and will come again."""
        self.in_flight_since = None

    def pause(self, reason: str) -> None:
        """The consumer waits for something outside; restarting the process would not help."""
        self.last_moved = time.monotonic()
        self._set_pause(reason)

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self.last_moved

    def excused(self) -> None:
        """Nothing can move while the broker is away; restarting the process would not help."""
        self.last_moved = time.monotonic()

    def observe(self, *, assigned: bool, lag: int) -> None:
        if lag == 0:
            self.last_moved = time.monotonic()
        self.assigned, self.lag = assigned, lag
        metrics.CONSUMER_LAG.labels(self.topic).set(lag)

    def live(self) -> tuple[bool, str]:
        """False when messages wait, or one is in hand, and nothing has moved for two minutes."""
        idle = self.idle_seconds
        busy = self.lag > 0 or self.in_flight_since is not None
        if busy and not self.paused_for and idle > STUCK_AFTER_SECONDS:
            return False, f"{self.lag} messages wait and nothing moved for {idle:.0f} s"
        return True, self.paused_for or "moving"

    def ready(self) -> tuple[bool, str]:
        return not self.paused_for, self.paused_for or "consuming"

    def _set_pause(self, reason: str) -> None:
        self.paused_for = reason
        metrics.CONSUMER_PAUSED.labels(self.topic).set(1 if reason else 0)
