"""Moments as other systems write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_chassis.text.moments import read_moment

NOON = datetime(2030, 1, 31, 12, tzinfo=UTC)


class TestReading:
    @pytest.mark.parametrize(
        "text",
        ["2030-01-31T12:00:00Z", "2030-01-31T14:00:00+02:00", "2030-01-31T12:00:00.000+00:00", "2030-01-31t12:00:00z",
         "2030-01-31T12:00:00-00:00", "2030-01-30t12:01:00-23:59", "2030-01-31T12:00:00.000000000000000000000z"],
    )  # fmt: skip
    def test_takes_every_zone_and_small_letters(self, text: str):
        assert read_moment(text) == NOON
        assert read_moment(text).tzinfo is UTC

    @pytest.mark.parametrize(
        ("fraction", "microseconds"),
        [("1", 100_000), ("123", 123_000), ("000001", 1), ("1234567", 123_456), ("1234569", 123_456),
         ("123456789", 123_456), ("999999999", 999_999), ("0000009", 0), ("9" * 40, 999_999)],
    )  # fmt: skip
    def test_cuts_off_what_is_below_a_microsecond(self, fraction: str, microseconds: int):
        assert read_moment(f"2030-01-31T12:00:00.{fraction}Z") == NOON.replace(microsecond=microseconds)

    @pytest.mark.parametrize("text", ["2016-12-31T23:59:60Z", "2017-01-01T00:59:60+01:00", "2016-12-31T15:59:60-08:00"])
    def test_a_leap_second_is_the_first_second_after_it(self, text: str):
        assert read_moment(text) == datetime(2017, 1, 1, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["", "2030-01-31", "2030-01-31T12:00:00", "2030-01-31T12:00Z", "2030-01-31T12:00:00.Z",
         "2030-01-31T12:00:00,5Z", "2030-01-31 12:00:00Z", "20300131T120000Z", "2030-W05-4T12:00:00Z",
         "2030-02-30T12:00:00Z", "2030-01-31T24:00:00Z", "2030-01-31T12:60:00Z", "2030-01-31T12:00:61Z",
         "2030-01-31T12:00:60Z", "2030-01-01T23:59:60Z", "2030-01-31T12:00:00+2:00", "2030-01-31T12:00:00+0200",
         "2030-01-31T12:00:00+24:00", "2030-01-31T12:00:00+00:60", "0000-01-01T00:00:00Z",
         "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:60Z", "٢٠٣٠-01-31T12:00:00Z",
         "2030-01-31T12:00:00Z ", "2030-01-31T12:00:00\n", "1893456000", "+12030-01-31T12:00:00Z"],
    )  # fmt: skip
    def test_refuses_everything_else(self, text: str):
        with pytest.raises(ValueError, match=r".+"):
            read_moment(text)

    @given(
        moment=st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1 < moment.year < 9999),
        minutes=st.integers(-23 * 60 - 59, 23 * 60 + 59),
    )
    def test_reads_back_what_is_written_in_any_zone(self, moment: datetime, minutes: int):
        sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
        text = f"{moment.replace(tzinfo=None).isoformat(timespec='microseconds')}{sign}{hours:02}:{rest:02}"
        assert read_moment(text) == moment - timedelta(minutes=minutes)
