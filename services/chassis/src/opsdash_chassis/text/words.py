"""The words of a text with their places in it: the one definition of what a search compares.

A word is a run of letters and digits. What is written together with signs between (an address, a path, a version, an
order number) is the words that stand side by side there. Scripts without spaces give pairs of neighbouring characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

#: Characters of a word that are compared; what is longer is no word that somebody types.
LONGEST_WORD: Final = 64
_MOST_RUNS: Final = 3  # with more changes between letters and digits it is a hash or a key
# Kana, Han, Hangul; Thai, Lao, Burmese, Khmer: what is written without spaces, or with endings at its words.
_UNSPACED: Final = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecd\u1000-\u103f\u1780-\u17d3\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    "\u3041-\u3096\u3099-\u309a\u309d-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U000323af"
)
# Of Indian scripts and Tibetan: parts of letters, which regular expressions take for signs.
_SIGNS_OF_LETTERS: Final = "\u0900-\u0963\u0966-\u0dff\ua880-\ua8ff\u0f71-\u0f84\u0f90-\u0fbc"
_LETTERS: Final = rf"[^\W_{_UNSPACED}]+"
_SIGN: Final = r"(?P<sign>\+\+|[+#](?![\w+#]))?"
_ATOM: Final = re.compile(
    rf"(?P<unspaced>[{_UNSPACED}]+)"
    rf"|(?P<word>{_LETTERS}(?:[{_SIGNS_OF_LETTERS}]+(?:{_LETTERS})?)*){_SIGN}"
    r"|(?P<symbol>[\u00a9\u00ae\u2190-\u2bff\U0001f000-\U0001faff])"
)
_ASCII_ATOM: Final = re.compile(rf"(?P<word>[0-9a-z]+){_SIGN}")
_RUN: Final = re.compile(r"\d+|\D+")


class Kind(Enum):
    """How a word stands in a text."""

    WORD = auto()
    #: Two neighbours of a text without spaces, or its last character.
    PAIR = auto()
    SYMBOL = auto()


class Word(NamedTuple):
    """A folded word; `place` counts the words before it, `start` and `end` are where it stands in the folded text."""

    text: str
    place: int
    start: int
    end: int
    kind: Kind = Kind.WORD
    #: `++` or `#`: a part of the name of what is meant, as in C++.
    sign: str = ""

    @property
    def runs(self) -> list[str]:
        """Letters and digits apart, if there are both and it is not a key: `v2`, `po81234567`."""
        if self.text.isalpha() or self.text.isdigit():
            return []
        found = _RUN.findall(self.text)
        return found if 1 < len(found) <= _MOST_RUNS else []


def words_of(folded: str) -> Iterator[Word]:
    """The words of a folded text in their order."""
    if folded.isascii():
        for place, found in enumerate(_ASCII_ATOM.finditer(folded)):
            text = found["word"][:LONGEST_WORD]
            yield Word(text, place, found.start(), found.end(), Kind.WORD, found["sign"] or "")
        return
    place = 0
    for found in _ATOM.finditer(folded):
        if found["unspaced"]:
            yield from _pairs(found["unspaced"], place, found.start())
            place += len(found["unspaced"])
            continue
        if found["word"]:
            text = found["word"][:LONGEST_WORD]
            yield Word(text, place, found.start(), found.end(), sign=found["sign"] or "")
        else:
            yield Word(found[0], place, found.start(), found.end(), Kind.SYMBOL)
        place += 1


def _pairs(text: str, place: int, start: int) -> Iterator[Word]:
    """`abc` as `ab`, `bc`, `c`: any part of two characters or more is pairs, any single one begins one of them."""
    for index in range(len(text)):
        pair = text[index : index + 2]
        yield Word(pair, place + index, start + index, start + index + len(pair), Kind.PAIR)
