"""What a process needs from outside: one line when it goes away, one with how long it was away when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from prometheus_client import Gauge

log = structlog.get_logger(__name__)

UP = Gauge("opsdash_dependency_up", "1 while this process reaches what it depends on", ["dependency"])


class Dependency:
    """One server or service. Several parts of the process use it; it is away while any of them misses it."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._missed_by: dict[str, str] = {}
        self._since = 0.0

    def away(self, reason: str, *, part: str = "") -> None:
        """That part gets nothing from it, for this reason."""
        if not self._missed_by:
            self._since = self._clock()
            UP.labels(self.name).set(0)
            log.warning("dependency_away", dependency=self.name, part=part, reason=reason)
        self._missed_by[part] = reason

    def back(self, *, part: str = "") -> None:
        """That part has been answered."""
        was_away = self._missed_by.pop(part, None) is not None
        if self._missed_by:
            return
        UP.labels(self.name).set(1)
        if was_away:
            log.info("dependency_back", dependency=self.name, part=part, away_seconds=self.away_seconds)

    @property
    def away_seconds(self) -> float:
        return round(self._clock() - self._since, 1)

    def missed_by(self, part: str) -> str:
        """For readiness: what that part waits for, since when and why; empty when it does not."""
        reason = self._missed_by.get(part)
        return "" if reason is None else f"waits for {self.name}, away for {self.away_seconds:.0f} s: {reason}"
