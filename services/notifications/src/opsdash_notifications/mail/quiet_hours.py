"""Hours in which no mail leaves, in the person's own time zone. Pure functions; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until before `ends`, over midnight where it ends earlier; `zone` is a name of the IANA database."""

    begins: time
    ends: time
    zone: str

    def end_of(self, now: datetime) -> datetime | None:
        """When the quiet hours that hold now are over; None outside of them."""
        zone = _zone(self.zone)
        local = now.astimezone(zone)
        wall = local.timetz().replace(tzinfo=None)
        if not self._holds(wall):
            return None
        day = local.date() + (_DAY if wall >= self.ends else timedelta(0))
        end = datetime.combine(day, self.ends, tzinfo=zone)
        if end.astimezone(UTC) <= now:  # the hour comes twice when the clock is set back, and this is the second
            end = end.replace(fold=1)
        return max(end.astimezone(UTC), now + timedelta(seconds=1))

    def _holds(self, wall: time) -> bool:
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends


def _zone(name: str) -> tzinfo:
    """UTC for one that this machine does not know (any more): mails of that person, and all others, must leave."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
