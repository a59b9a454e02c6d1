"""The rules of reminders: which moments, and what becomes of a note."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from opsdash_notifications.errors import InvalidFields
from opsdash_notifications.reminders.model import FURTHEST, LONGEST_NOTE, check_moment, note_of

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize("ahead", [timedelta(microseconds=1), timedelta(days=1), FURTHEST])
def test_the_time_is_in_the_future_and_within_a_year(ahead: timedelta):
    check_moment(NOW + ahead, NOW)


@pytest.mark.parametrize(
    ("ahead", "code"),
    [
        (timedelta(0), "in-the-past"),
        (timedelta(days=-1), "in-the-past"),
        (FURTHEST + timedelta(microseconds=1), "too-far"),
    ],
)
def test_any_other_is_refused(ahead: timedelta, code: str):
    with pytest.raises(InvalidFields) as refused:
        check_moment(NOW + ahead, NOW)
    assert [(problem.pointer, problem.code) for problem in refused.value.problems] == [("/at", code)]


@pytest.mark.parametrize(
    ("text", "note"), [(None, None), ("", None), (" \n\t", None), (" a  b\r\nc ", "a b c"), ("é" * LONGEST_NOTE,) * 2]
)
def test_a_note_is_one_line(text: str | None, note: str | None):
    assert note_of(text) == note


def test_a_note_that_is_too_long_is_refused():
    with pytest.raises(InvalidFields) as refused:
        note_of("x" * (LONGEST_NOTE + 1))
    assert refused.value.problems[0].code == "too-long"
