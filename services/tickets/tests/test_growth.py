"""What the tickets service reads of a request costs no more than in proportion to its size."""

from __future__ import annotations

from dataclasses import fields
from uuid import UUID

import pytest
from opsdash_http.requests.request_limits import MAXIMUM_QUERY_BYTES
from opsdash_tickets.errors import InvalidFields
from opsdash_tickets.listing.filters import ListQuery, read_filter, read_sort
from opsdash_tickets.tickets import validation

from tests.support.measurements import Shape, assert_linear, repeated

PERSON = UUID("11111111-1111-4111-8111-111111111111")
MOST_CHARACTERS = 1024 * 1024
TEXTS: dict[str, Shape] = {
    "letters": repeated("a", "*"),
    "commas": repeated(",", "*"),
    "states": repeated("open,", "open"),
    "ids": repeated("55555555-5555-4555-8555-555555555555,", "none"),
    "digits": repeated("1", "2030-01-01T00:00:00.*"),
    "numbers": repeated("9", "#"),
    "spaces": repeated(" ", "", "x*"),
    "invisible characters": repeated("\u200b", "*"),
    "wildcards": repeated("%_", "*"),
}


@pytest.mark.parametrize("shape", TEXTS.values(), ids=TEXTS)
class TestTexts:
    @pytest.mark.parametrize("name", [field.name for field in fields(ListQuery)])
    def test_a_parameter_of_the_list(self, name: str, shape: Shape) -> None:
        def read(text: bytes) -> None:
            query = ListQuery(**{name: text.decode()})
            read_sort(query.sort)
            read_filter(query, user_id=PERSON)

        assert_linear(read, shape, MAXIMUM_QUERY_BYTES, (InvalidFields,))

    def test_a_title(self, shape: Shape) -> None:
        assert_linear(lambda text: validation.title(text.decode()), shape, MOST_CHARACTERS, (InvalidFields,))

    def test_a_due_time(self, shape: Shape) -> None:
        assert_linear(lambda text: validation.due_time(text.decode()), shape, MOST_CHARACTERS, (InvalidFields,))
