"""What every service with tenants reads the same way: references in a path, versions in If-Match."""

from __future__ import annotations

from uuid import UUID

import pytest
from opsdash_chassis.http.conditional import expected_version
from opsdash_chassis.tenancy.errors import NotVisible
from opsdash_chassis.tenancy.references import id_or_number


class TestReference:
    def test_is_a_number_or_an_id_in_any_spelling(self):
        ticket_id = UUID("0196f0a0-0000-7000-8000-00000000abcd")
        assert id_or_number("42") == 42
        for spelling in (str(ticket_id), str(ticket_id).upper(), ticket_id.hex):
            assert id_or_number(spelling) == ticket_id

    @pytest.mark.parametrize("text", ["", "abc", "-1", "1.0", "9223372036854775808", "٤٢", "0x10", "1e3", "a" * 5000])
    def test_what_is_neither_cannot_exist(self, text: str):
        with pytest.raises(NotVisible):
            id_or_number(text)


class TestExpectedVersion:
    @pytest.mark.parametrize(
        ("header", "version"),
        [(None, None), ("*", None), ('"3"', 3), ("3", 3), ('W/"3"', -1), ("abc", -1), ("9" * 30, -1)],
    )
    def test_reads_the_header(self, header: str | None, version: int | None):
        assert expected_version(header) == version
