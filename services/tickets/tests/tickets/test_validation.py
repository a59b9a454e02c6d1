"""What a request may say, and what is refused with which field error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from opsdash_tickets.errors import InvalidFields
from opsdash_tickets.tickets import validation


class TestTitle:
    def test_is_trimmed(self):
        assert validation.title("  Printer on fire \n") == "Printer on fire"

    @pytest.mark.parametrize(
        "text", ["", "   ", "\u200b\u200d", "\u202e\u202c", "\ufeff", "\u00ad", "\u2800", "\u3164", "\t\n"]
    )
    def test_needs_a_visible_character(self, text: str):
        with pytest.raises(InvalidFields) as refused:
            validation.title(text)
        assert (refused.value.problems[0].pointer, refused.value.problems[0].code) == ("/title", "blank")

    def test_has_200_characters_at_most_after_trimming(self):
        assert validation.title(" " + "x" * 200 + " ") == "x" * 200
        with pytest.raises(InvalidFields):
            validation.title("x" * 201)

    @pytest.mark.parametrize("text", ["é", "👍", "日本", "a\u200bb", "-"])
    def test_takes_every_script(self, text: str):
        assert validation.title(text) == text


class TestDueTime:
    @pytest.mark.parametrize("text", [None, ""])
    def test_blank_means_none(self, text: str | None):
        assert validation.due_time(text) is None

    @pytest.mark.parametrize(
        ("text", "microsecond"),
        [
            ("2030-01-31T12:00:00Z", 0),
            ("2030-01-31T14:00:00+02:00", 0),
            ("2030-01-31t12:00:00z", 0),
            ("2030-01-31T12:00:00.1234567Z", 123456),
            ("2030-01-31T12:00:00.123456789Z", 123456),
        ],
    )
    def test_is_read_in_any_zone_and_precision(self, text: str, microsecond: int):
        assert validation.due_time(text) == datetime(2030, 1, 31, 12, microsecond=microsecond, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text",
        ["2030-01-31T12:00:00", "2030-01-31", "1893456000", "2030-02-30T00:00:00Z", "2030-01-01T23:59:60Z",
         "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "tomorrow", "2030-01-31 12:00:00Z",
         "٢٠٣٠-01-31T12:00:00Z", "2030-01-31T12:00:00+99:99"],
    )  # fmt: skip
    def test_refuses_what_is_no_moment(self, text: str):
        with pytest.raises(InvalidFields) as refused:
            validation.due_time(text)
        assert refused.value.problems[0].pointer == "/sla_due_at"
