"""Hours in which no mail leaves, in the person's own time zone. Pure functions; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until before `ends`, over midnight where it ends earlier; `zone` is a name of the IANA database."""

    begins: time
    ends: time
    zone: str

    def end_of(self, now: datetime) -> datetime | None:
        """When the quiet hours that hold now are over; None outside of them."""
        local = now.astimezone(ZoneInfo(self.zone))
        wall = local.timetz().replace(tzinfo=None)
        if not self._holds(wall):
            return None
        day = local.date() + (_DAY if wall >= self.ends else timedelta(0))
        end = datetime.combine(day, self.ends, tzinfo=ZoneInfo(self.zone))
        if end.astimezone(UTC) <= now:  # the hour comes twice when the clock is set back, and this is the second
            end = end.replace(fold=1)
        return max(end.astimezone(UTC), now + timedelta(seconds=1))

    def _holds(self, wall: time) -> bool:
        if self.begins < self.ends:
            return self.begins <= wall < self.ends
        return wall >= self.begins or wall < self.ends
