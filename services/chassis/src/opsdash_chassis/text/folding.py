"""Text as searches compare it: what looks alike to a reader is alike, whoever typed it and on whichever keyboard."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from opsdash_chassis.text.blank import IGNORABLE

_APOSTROPHES: Final = (
    "`\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u2018\u2019\u201b\u2032\u2035\u055a\u07f4\u07f5\ua78c\uff07"
)
_HYPHENS: Final = (
    "\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
)
# Letters of their own for Unicode, their base letter for somebody without that key.
_LETTERS: Final = {
    "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "ł": "l", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe",
    "ŋ": "n", "ɖ": "d", "ƒ": "f", "\u017f": "s",
}  # fmt: skip
_BEFORE: Final = str.maketrans({**dict.fromkeys(_APOSTROPHES, "'"), **dict.fromkeys(_HYPHENS, "-")})
_AFTER: Final = str.maketrans(_LETTERS)
# Marks of Latin, Greek and Cyrillic, Hebrew points, Arabic vowels and the line that only stretches a word. Others, such
# as the vowels of Thai and Hindi or the voice of kana, are as good as letters.
_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f"
    "\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# An acute that stands alone is typed for an apostrophe, and taken apart a space with an accent.
_LONE_ACUTE: Final = re.compile(" (?=[\u0300-\u036f]*\u0301)")
_UNSEEN: Final = re.compile(f"[{IGNORABLE}]+")
_MOST_PASSES: Final = 4
#: Of what is looked for. It is measured when it is folded: one character can then be eighteen.
MOST_WORDS: Final = 12
_MOST_CHARACTERS: Final = 200


def fold(text: str) -> str:
    """NFKC without case, accents and what cannot be seen; one apostrophe, one hyphen, digits 0 to 9.

    Idempotent. Fewer characters than before or more: `ß` is `ss`.
    """
    if text.isascii():
        return _UNSEEN.sub("", text.lower().translate(_BEFORE))
    for _ in range(_MOST_PASSES):
        folded = _fold_once(text)
        if folded == text:
            break
        text = folded
    return text


def folded_search(text: str) -> str:
    """The beginning of what somebody looks for."""
    return fold(text)[:_MOST_CHARACTERS]


def folded_words(text: str) -> list[str]:
    """The first words of what somebody looks for, each once."""
    return list(dict.fromkeys(folded_search(text).split()))[:MOST_WORDS]


def folded_name(name: str) -> str:
    """A name for being looked for by any part of it, with its hyphens and apostrophes or without."""
    folded = fold(name)
    bare = folded.replace("-", "").replace("'", "")
    return folded if bare == folded else f"{folded}\n{bare}"


def _fold_once(text: str) -> str:
    """A character that case folding makes may be one that the other steps take apart again."""
    seen = _UNSEEN.sub("", text.translate(_BEFORE))
    apart = _LONE_ACUTE.sub("'", unicodedata.normalize("NFKD", seen))
    bare = _MARKS.sub("", apart).casefold()
    again = _MARKS.sub("", unicodedata.normalize("NFKD", bare)).translate(_AFTER).translate(_BEFORE)
    joined = unicodedata.normalize("NFKC", _UNSEEN.sub("", again))
    return "".join(map(_plain_digit, joined))


def _plain_digit(character: str) -> str:
    if character.isascii() or not character.isdecimal():
        return character
    return str(unicodedata.decimal(character))
