"""Liveness of a consumer measured by progress: a ping of the broker does not notice a stuck loop."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import structlog

from opsdash_chassis.observability import metrics

log = structlog.get_logger(__name__)

STUCK_AFTER_SECONDS = 120.0
#: A message that a dependency keeps from being applied for this long shows, before its tries are used up.
SHOWN_AFTER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Hold:
    """A message that comes again and again until what it needs is back; `expected` where nothing is wrong."""

    offset: int
    since: float
    reason: str
    expected: bool = False


@dataclass
class ConsumerProgress:
    """What one topic's consumer does at the moment. Times are monotonic seconds."""

    topic: str
    in_flight_since: float | None = None
    failing_for: str = ""
    holds: dict[int, Hold] = field(default_factory=dict)
    assigned: bool = False
    lag: int = 0
    last_moved: float = field(default_factory=time.monotonic)

    def started(self) -> None:
        self.in_flight_since = time.monotonic()
        self.failing_for = ""

    def finished(self) -> None:
        """A message was applied or set aside, so the consumer moves."""
        self.set_down()
        self.last_moved = time.monotonic()

    def set_down(self) -> None:
        """Nothing is in hand any more: it was dealt with, or comes again."""
        self.in_flight_since = None
        self.failing_for = ""

    def failing(self, reason: str) -> None:
        """The message in hand has been tried and is tried again."""
        self.failing_for = reason

    def hold(self, reason: str, *, partition: int, offset: int, expected: bool = False) -> None:
        """The partition waits for something outside; restarting the process would not help."""
        if not self.holds:
            say = log.info if expected else log.warning
            say("message_held", topic=self.topic, partition=partition, offset=offset, reason=reason)
        known = self.holds.get(partition)
        since = known.since if known and known.offset == offset else time.monotonic()
        self.holds[partition] = Hold(offset, since, reason, expected)
        self.last_moved = time.monotonic()
        self._measure()

    def passed(self, partition: int, offset: int) -> None:
        """Everything of the partition up to this offset has been dealt with."""
        if self.holds and partition in self.holds and self.holds[partition].offset <= offset:
            del self.holds[partition]
            self._told_if_none_is_left()

    def reassigned(self) -> None:
        """The group has divided its partitions anew: what was held may be another member's."""
        if self.holds:
            self.holds.clear()
            self._told_if_none_is_left()

    @property
    def held_seconds(self) -> float:
        """Of the message that has been held for longest and should not be."""
        return max((time.monotonic() - hold.since for hold in self._wrong.values()), default=0.0)

    @property
    def _wrong(self) -> dict[int, Hold]:
        """What is held without being expected to; readiness and alerts are about these."""
        return {partition: hold for partition, hold in self.holds.items() if not hold.expected}

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self.last_moved

    def excused(self) -> None:
        """Nothing can move while the broker is away; restarting the process would not help."""
        self.last_moved = time.monotonic()

    def observe(self, *, assigned: bool, lag: int) -> None:
        if lag == 0 and self.in_flight_since is None:
            self.last_moved = time.monotonic()
        self.assigned, self.lag = assigned, lag
        metrics.CONSUMER_LAG.labels(self.topic).set(lag)
        self._measure()

    def live(self) -> tuple[bool, str]:
        """False when messages wait, or one is in hand, and nothing has moved for two minutes."""
        idle = self.idle_seconds
        busy = self.lag > 0 or self.in_flight_since is not None
        if busy and not self.holds and idle > STUCK_AFTER_SECONDS:
            return False, f"{self.lag} messages wait and nothing moved for {idle:.0f} s"
        return True, "moving"

    def ready(self) -> tuple[bool, str]:
        """False while a message is held that should not be, or fails for long enough that it soon will be."""
        if wrong := self._wrong:
            partition, hold = min(wrong.items(), key=lambda item: item[1].since)
            where = f"{self.topic} partition {partition} offset {hold.offset}"
            return False, f"holds {where} for {time.monotonic() - hold.since:.0f} s: {hold.reason}"
        since = self.in_flight_since
        if self.failing_for and since is not None and time.monotonic() - since > SHOWN_AFTER_SECONDS:
            return False, f"tries a message of {self.topic} again: {self.failing_for}"
        return True, "consuming"

    def _told_if_none_is_left(self) -> None:
        if not self.holds:
            log.info("message_no_longer_held", topic=self.topic)
        self._measure()

    def _measure(self) -> None:
        metrics.CONSUMER_PAUSED.labels(self.topic).set(1 if self._wrong else 0)
        metrics.CONSUMER_HELD_SECONDS.labels(self.topic).set(self.held_seconds)
