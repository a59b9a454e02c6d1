"""List cursors: readable only by who made them, and only for the query they were made for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_chassis.database.cursors import MAXIMUM_LENGTH, Cursors, InvalidCursor

CURSORS = Cursors("one secret")


class TestCursors:
    @given(st.lists(st.integers(-(2**53), 2**53) | st.text(max_size=30), max_size=4), st.text(max_size=30))
    def test_a_position_comes_back_as_it_was(self, position: list[str | int], scope: str):
        assert CURSORS.decode(CURSORS.encode(position, scope=scope), scope=scope) == position

    @pytest.mark.parametrize("scope", ["theirs|tickets", "ours|tickets|closed", ""])
    def test_another_tenant_filter_or_sort_refuses_it(self, scope: str):
        with pytest.raises(InvalidCursor):
            CURSORS.decode(CURSORS.encode(["2026", 1], scope="ours|tickets"), scope=scope)

    def test_another_secret_refuses_it(self):
        with pytest.raises(InvalidCursor):
            Cursors("another secret").decode(CURSORS.encode([1], scope="s"), scope="s")

    @given(st.text(max_size=60))
    def test_text_that_is_no_cursor_is_refused_and_nothing_else_happens(self, text: str):
        with pytest.raises(InvalidCursor):
            CURSORS.decode(text, scope="s")

    @given(st.integers(0, 40), st.sampled_from("Aa0_-"))
    def test_one_changed_character_is_refused(self, index: int, character: str):
        text = CURSORS.encode([12345678, "abcdefgh"], scope="s")
        index %= len(text) - 1  # the last one carries bits that do not count
        damaged = text[:index] + character + text[index + 1 :]
        if damaged != text:
            with pytest.raises(InvalidCursor):
                CURSORS.decode(damaged, scope="s")

    def test_an_overlong_one_is_refused_before_it_is_read(self):
        with pytest.raises(InvalidCursor):
            CURSORS.decode("A" * (MAXIMUM_LENGTH + 1), scope="s")
