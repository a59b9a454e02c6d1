"""What every service with tenants reads the same way: references in a path, versions in If-Match."""

from __future__ import annotations

from uuid import UUID

import pytest
from opsdash_http.errors.problems import Problem
from opsdash_http.requests.conditional import expected_versions
from opsdash_tenancy.errors import NotFound
from opsdash_tenancy.references import id_or_number


class TestReference:
    def test_is_a_number_or_an_id_in_any_spelling(self):
        ticket_id = UUID("0196f0a0-0000-7000-8000-00000000abcd")
        assert id_or_number("42") == 42
        for spelling in (str(ticket_id), str(ticket_id).upper(), ticket_id.hex):
            assert id_or_number(spelling) == ticket_id

    @pytest.mark.parametrize("text", ["", "abc", "-1", "1.0", "9223372036854775808", "٤٢", "0x10", "1e3", "a" * 5000])
    def test_what_is_neither_cannot_exist(self, text: str):
        with pytest.raises(NotFound):
            id_or_number(text)


class TestExpectedVersions:
    @pytest.mark.parametrize("header", [None, "*", " * "])
    def test_any_will_do(self, header: str | None):
        assert expected_versions(header) is None

    @pytest.mark.parametrize(
        ("header", "versions"),
        [
            ('"3"', {3}),
            ("3", {3}),
            ('"0", "1"', {0, 1}),
            ('"0","1"\t,, "7" ,', {0, 1, 7}),
            ('"0", W/"1"', {0}),
            ('W/"3"', set()),
            ('"abc"', set()),
            ('"a,3", "4"', {4}),
            ('"é"', set()),
            ('""', set()),
            ('"+3"', set()),
            (f'"{"9" * 30}"', set()),
        ],
    )
    def test_one_of_a_list(self, header: str, versions: set[int]):
        assert expected_versions(header) == versions

    @pytest.mark.parametrize(
        "header",
        [
            "",
            ",",
            "abc",
            '"3',
            '3"',
            "'3'",
            '"3" "4"',
            '*, "3"',
            '"3", *',
            'w/"3"',
            '"a b"',
            "-1",
            "1.0",
            "٣",
        ],
    )
    def test_what_is_no_list_of_tags_is_refused(self, header: str):
        with pytest.raises(Problem) as refused:
            expected_versions(header)
        assert (refused.value.status, refused.value.errors[0].pointer) == (400, "/header/If-Match")
