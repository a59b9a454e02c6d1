"""The rules by which a message leaves, waits, or becomes part of a digest. Pure functions; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from opsdash_notifications.throttle import MINUTE, MOST_IN_A_MINUTE, Throttle

FIRST_PAUSE: Final = timedelta(minutes=1)
#: So that fifty failures in a row are about a day.
LONGEST_PAUSE: Final = timedelta(minutes=30)
#: How long a chat may be away before a message to it is given up.
PATIENCE: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Plan:
    """`count` of the oldest messages leave as one; with none the channel is looked at again at `look_at`."""

    count: int
    throttle: Throttle
    look_at: datetime | None = None


def plan(waiting: int, throttle: Throttle, *, now: datetime) -> Plan:
    """What leaves next to a channel for which so many messages wait, at least one."""
    until = throttle.gathers_until
    if until is not None:
        return Plan(waiting, throttle) if now >= until else Plan(0, throttle, until)
    if throttle.in_last_minute(now) < MOST_IN_A_MINUTE:
        return Plan(1, throttle)
    until = now + MINUTE
    return Plan(0, Throttle(throttle.left_at, until), until)


def pause(failures: int) -> timedelta:
    """Until the next try after so many failures in a row, at least one."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(failures - 1, 10)
    return min(doubled, LONGEST_PAUSE)
