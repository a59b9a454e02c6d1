"""What a search index holds of a text: lexemes with their places, as PostgreSQL takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from hashlib import blake2b
from itertools import pairwise
from typing import Final
from uuid import UUID

from opsdash_chassis.text.folding import fold
from opsdash_chassis.text.phone_numbers import phone_numbers
from opsdash_chassis.text.words import LONGEST_WORD, Kind, Word, words_of

#: Rules that make an index; rows that older ones made are indexed anew.
VERSION: Final = 1
# PostgreSQL keeps places up to 16,383; those of longer texts begin again, so that neighbours stay neighbours.
_LAST_PLACE: Final = 16_000
_BETWEEN_FIELDS: Final = 2  # so that the end of one field and the start of the next are no neighbours
_JOINS: Final = frozenset("-'")
_MOST_JOINED: Final = 4
#: Every lexeme starts with its org, so that a search touches only the index entries of its own.
ORG_LENGTH: Final = 12


class Weight(StrEnum):
    """Where a word stands, as PostgreSQL calls it."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


def lexemes(folded: str) -> Iterator[tuple[str, int]]:
    """Each with its place, some several times: words, what they are made of, and what they are as one."""
    words = list(words_of(folded))
    for word in words:
        yield word.text, word.place
        if word.sign:
            yield word.text + word.sign, word.place
        if not word.text.isalpha():
            yield from ((run, word.place) for run in word.runs if run.isdigit() or len(run) > 1)
    for group in joined_groups(folded, words):
        yield "".join(word.text for word in group)[:LONGEST_WORD], group[0].place
    yield from _phone_lexemes(folded, words)


def _phone_lexemes(folded: str, words: Sequence[Word]) -> Iterator[tuple[str, int]]:
    if not any(word.text.isdigit() for word in words):
        return
    places = {word.start: word.place for word in words}
    for number in phone_numbers(folded):
        place = next((places[start] for start in range(number.start, number.start + 4) if start in places), 0)
        yield from ((digits, place) for digits in number.known_as())


def joined_groups(folded: str, words: Sequence[Word]) -> list[list[Word]]:
    """Words with a hyphen or an apostrophe between, which others write as one: Wi-Fi, e-mail, o'clock, PO-8123."""
    groups: list[list[Word]] = []
    if "-" not in folded and "'" not in folded:
        return groups
    for one, other in pairwise(words):
        joins = folded[one.end : other.start] in _JOINS and one.kind is other.kind is Kind.WORD
        if joins and groups and groups[-1][-1] is one:
            groups[-1].append(other)
        elif joins:
            groups.append([one, other])
    return [group for group in groups if len(group) <= _MOST_JOINED and not all(word.text.isdigit() for word in group)]


def title_lexeme(title: str) -> str | None:
    """The title as a whole, so that whoever types all of it finds it first."""
    words = [word.text + word.sign for word in words_of(fold(title))]
    return f"={blake2b(' '.join(words).encode(), digest_size=6).hexdigest()}" if words else None


def vector(org_id: UUID, fields: Iterable[tuple[Weight, str]], whole: str | None = None) -> str:
    """The text of a `tsvector` of these fields; `whole` is a lexeme more."""
    places: dict[str, dict[str, None]] = {}
    offset = 1
    for weight, text in fields:
        last = -1
        for lexeme, place in lexemes(fold(text)):
            last = max(last, place)
            at = (offset + place - 1) % _LAST_PLACE + 1
            places.setdefault(lexeme, {})[f"{at}{weight}"] = None
        offset += last + 1 + _BETWEEN_FIELDS
    if whole is not None:
        places[whole] = {"1A": None}
    org = str(org_id)[-ORG_LENGTH:]
    return " ".join(f"'{org}:{lexeme}':{','.join(found)}" for lexeme, found in places.items())
