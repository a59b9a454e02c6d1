"""When a daily mail is due, in zones whose clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from opsdash_notifications.overdue.model import PATIENCE, Hour, is_late, message_id, thread_id

ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("hour", "zone", "now", "moment", "day"),
    [
        (8, "UTC", "2026-03-03T08:00:00Z", "2026-03-03T08:00:00Z", date(2026, 3, 3)),
        (8, "UTC", "2026-03-03T07:59:59Z", "2026-03-02T08:00:00Z", date(2026, 3, 2)),
        (8, "Europe/Madrid", "2026-03-03T07:30:00Z", "2026-03-03T07:00:00Z", date(2026, 3, 3)),
        (23, "America/New_York", "2026-03-03T05:00:00Z", "2026-03-03T04:00:00Z", date(2026, 3, 2)),
        (0, "Pacific/Apia", "2026-03-03T12:00:00Z", "2026-03-03T11:00:00Z", date(2026, 3, 4)),
        # On this day 02:00 is skipped, so the mail comes at 03:00.
        (2, "Europe/Madrid", "2026-03-29T01:30:00Z", "2026-03-29T01:00:00Z", date(2026, 3, 29)),
        # On this one 02:00 comes twice: the first counts, also in the second.
        (2, "Europe/Madrid", "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", date(2026, 10, 25)),
        (2, "Europe/Madrid", "2026-10-25T01:30:00Z", "2026-10-25T00:00:00Z", date(2026, 10, 25)),
    ],
)
def test_the_last_time_it_was_that_hour(hour: int, zone: str, now: str, moment: str, day: date) -> None:
    found = Hour(hour, zone).last(at(now))
    assert (found, Hour(hour, zone).day(found)) == (at(moment), day)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hour", [0, 2, 3, 12, 23])
def test_through_a_year_every_day_has_one(zone: str, hour: int) -> None:
    now, wanted = datetime(2026, 1, 1, tzinfo=UTC), Hour(hour, zone)
    found = dict[date, datetime]()
    for step in range(365 * 24 * 2):
        moment = wanted.last(now + step * timedelta(minutes=30))
        assert found.setdefault(wanted.day(moment), moment) == moment
    days = sorted(found)
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]


def test_it_is_sent_late_but_not_too_late() -> None:
    moment = at("2026-03-03T08:00:00Z")
    assert not is_late(moment, moment + PATIENCE)
    assert is_late(moment, moment + PATIENCE + timedelta(seconds=1))


def test_a_day_has_one_id_and_no_two_people_or_days_share_it() -> None:
    org, other, maya, jonas = uuid4(), uuid4(), uuid4(), uuid4()
    today, tomorrow = date(2026, 3, 3), date(2026, 3, 4)
    ids = [message_id(place, who, day) for place in (org, other) for who in (maya, jonas) for day in (today, tomorrow)]
    assert len({*ids, thread_id(org, maya)}) == 9
    assert message_id(org, maya, today) == ids[0]
