"""How much leaves to one person or channel in a minute; the rest is gathered for a digest. No clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST_IN_A_MINUTE: Final = 10
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Throttle:
    """When something left lately, and until when the rest is gathered."""

    left_at: tuple[datetime, ...] = ()
    gathers_until: datetime | None = None

    def in_last_minute(self, now: datetime) -> int:
        return sum(now - at < MINUTE for at in self.left_at)

    def after_sending(self, now: datetime, *, count: int = 1, gathers_until: datetime | None = None) -> Throttle:
        """With so many more that leave now."""
        return Throttle((*self.left_at, *[now] * count)[-MOST_IN_A_MINUTE:], gathers_until)
