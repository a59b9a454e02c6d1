"""A person's own reminders of a ticket, and the moments that are at hand for another one."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from opsdash_chassis.text.moments import UTC_ZONE
from opsdash_http.errors.problems import Problem

from opsdash_gateway.console.i18n.local_times import moment_of
from opsdash_gateway.console.shell.page import Page

REMINDERS_SECONDS: Final = 0.5
MORNING: Final = time(9)
OWN: Final = "own"
_DAYS_OF_WEEK: Final = 7


class Reminder(msgspec.Struct):
    """One that is still to come."""

    id: UUID
    at: datetime
    note: str | None
    version: int


class Reminders(msgspec.Struct):
    """The next first."""

    items: list[Reminder]


async def read_reminders(page: Page, number: int) -> list[Reminder] | None:
    """None when the service does not answer in time, or is not there."""
    path = f"/tickets/{number}/reminders"
    try:
        return (await page.read(path, Reminders, service="notifications", seconds=REMINDERS_SECONDS)).items
    except (Problem, msgspec.DecodeError):
        return None


def moment_for(when: str, own: str, zone: str, now: datetime) -> datetime:
    """The moment that a form names, in UTC; without a zone the reader's clock is UTC. Raises ValueError for none."""
    if when == OWN:
        return moment_of(own, zone)
    if when == "hour":
        return now + timedelta(hours=1)
    today = now.astimezone(ZoneInfo(zone or UTC_ZONE)).date()
    days = {"tomorrow": 1, "monday": _DAYS_OF_WEEK - today.weekday()}
    if when not in days:
        raise ValueError("no such moment")
    morning = datetime.combine(today + timedelta(days=days[when]), MORNING, tzinfo=ZoneInfo(zone or UTC_ZONE))
    return morning.astimezone(UTC)
