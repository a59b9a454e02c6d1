"""When a daily mail is due, and what it is known by. Pure; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

#: How much later than its hour it may still leave, after an outage.
PATIENCE: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day in a zone of the IANA database."""

    hour: int
    zone: str

    def last(self, now: datetime) -> datetime:
        """When it was last; one that the clock skips is as much later, of one that comes twice the first counts."""
        zone = ZoneInfo(self.zone)
        today = now.astimezone(zone).date()
        days = (today, today - timedelta(days=1))
        moments = (datetime(day.year, day.month, day.day, self.hour, tzinfo=zone).astimezone(UTC) for day in days)
        return next(moment for moment in moments if moment <= now)

    def day(self, moment: datetime) -> date:
        """The day of such a moment, there."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


def is_late(moment: datetime, now: datetime) -> bool:
    """Whether it is too late to send what was due then."""
    return now - moment > PATIENCE


def message_id(org_id: UUID, user_id: UUID, day: date) -> UUID:
    """The same however often it is sent."""
    return uuid5(org_id, f"overdue {user_id} {day.isoformat()}")


def thread_id(org_id: UUID, user_id: UUID) -> UUID:
    """What the mails of all days belong to."""
    return uuid5(org_id, f"overdue {user_id}")
