"""Pauses between tries that double, and are short again after a try that lasted."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Backoff:
    """Seconds: the first pause, the longest, and how long a try lasts to count as a success."""

    first: float
    longest: float
    lasted: float
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        self._next = self.first

    def after(self, seconds: float) -> float:
        """The pause after a try that took `seconds`."""
        pause = self.first if seconds > self.lasted else self._next
        self._next = min(2 * pause, self.longest)
        return pause
