"""Reads moments as RFC 3339 writes them, the same with every version of Python; knows the names of time zones."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

UTC_ZONE: Final = "UTC"

# Any number of fraction digits, and t and z of either size (RFC 3339, section 5.6).
_RFC3339 = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)T(?P<minute>(?:[01]\d|2[0-3]):[0-5]\d):(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d+))?"
    r"(?P<zone>Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII | re.IGNORECASE,
)
_SECOND = timedelta(seconds=1)


def read_moment(text: str) -> datetime:
    """In UTC; digits below the microsecond are cut off. A leap second is the first second of the next month.

    Raises ValueError for what is no RFC 3339 date-time, or lies outside the calendar.
    """
    found = _RFC3339.fullmatch(text)
    if found is None:
        raise ValueError("no RFC 3339 date-time")
    leaps = found["second"] == "60"
    second, microseconds = "59" if leaps else found["second"], (found["fraction"] or "")[:6].ljust(6, "0")
    written = f"{found['date']}T{found['minute']}:{second}.{microseconds}{found['zone'].upper()}"
    try:
        moment = datetime.fromisoformat(written).astimezone(UTC)
        return _after_leap_second(moment) if leaps else moment
    except OverflowError:
        raise ValueError("outside the calendar") from None


def _after_leap_second(before: datetime) -> datetime:
    """There are leap seconds at the end of a month in UTC only."""
    moment = before + _SECOND
    if (moment.day, moment.hour, moment.minute, moment.second) != (1, 0, 0, 0):
        raise ValueError("no leap second")
    return moment


@cache
def time_zones() -> frozenset[str]:
    """Names of the IANA database that both this process and PostgreSQL know; `localtime` is a file of the machine."""
    return frozenset(zoneinfo.available_timezones()) - {"localtime"} | {UTC_ZONE}
