"""What can be seen and what cannot, also of characters that this Python has never heard of."""

from __future__ import annotations

import unicodedata

import pytest
from opsdash_chassis.text.blank import is_blank

#: Younger than the tables of some Python that runs this: pink heart, shaking face (15.0), face with bags, splatter
#: (16.0), distorted face (17.0), and a place where there is nothing yet.
NEW_EMOJI = ("\U0001fa77", "\U0001fae8", "\U0001fae9", "\U0001fadf", "\U0001faea", "\U0001fadd")
INVISIBLE = {
    "variation selector": "\ufe0f", "second variation selector": "\U000e0101", "grapheme joiner": "\u034f",
    "khmer inherent vowel": "\u17b4", "empty notehead": "\U0001d159", "hangul filler": "\u3164",
    "half-width filler": "\uffa0", "choseong filler": "\u115f", "braille blank": "\u2800", "tag": "\U000e0041",
    "zero-width joiner": "\u200d", "word joiner": "\u2060", "byte order mark": "\ufeff", "soft hyphen": "\u00ad",
    "right-to-left override": "\u202e", "isolate": "\u2066", "mongolian selector": "\u180b", "annotation": "\ufff9",
    "shorthand control": "\U0001bca0", "music control": "\U0001d173", "hieroglyph joiner": "\U00013430",
    "hieroglyph blank": "\U00013441", "khitan filler": "\U00016fe4", "reserved and ignorable": "\u2065",
    "noncharacter": "\ufdd0", "last code point": "\U0010ffff", "ideographic space": "\u3000", "ogham space": "\u1680",
    "no-break space": "\u00a0", "line separator": "\u2028", "tab": "\t", "delete": "\x7f", "next line": "\x85",
}  # fmt: skip


class TestIsBlank:
    @pytest.mark.parametrize("char", INVISIBLE.values(), ids=INVISIBLE)
    def test_nothing_is_seen_of_it_alone_or_among_its_like(self, char: str):
        assert is_blank(char)
        assert is_blank(f" \u200b{char * 3}\ufe0f")
        assert not is_blank(f"{char}x{char}")

    @pytest.mark.parametrize("char", NEW_EMOJI)
    def test_an_emoji_is_seen_however_new(self, char: str):
        assert not is_blank(char)
        assert not is_blank(f"{char}\ufe0f")

    @pytest.mark.parametrize(
        "char", ["a", "é", "\u0301", "日", "\u0600", "👍", "-", ".", "\ue000", "\ufffd", "\ufffc", "\u06dd"]
    )
    def test_so_is_everything_else(self, char: str):
        assert not is_blank(char)

    def test_the_empty_text_is_blank(self):
        assert is_blank("")

    def test_knows_every_space_and_control(self):
        found = [char for char in map(chr, range(0x110000)) if unicodedata.category(char) in {"Zs", "Zl", "Zp", "Cc"}]
        assert len(found) > 80
        assert [char for char in found if not is_blank(char)] == []
