"""What somebody looks for, as PostgreSQL takes it and as it is checked against a text here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from opsdash_chassis.text.folding import MOST_WORDS, fold, folded_search
from opsdash_chassis.text.phone_numbers import phone_numbers
from opsdash_chassis.text.search_index import Weight, joined_groups, lexemes
from opsdash_chassis.text.words import LONGEST_WORD, Kind, Word, words_of

#: Stands for the org at the start of each lexeme; folded text has no control characters.
ORG_MARK: Final = "\x01"


@dataclass(frozen=True, slots=True)
class Part:
    """A lexeme of a phrase: `after` places behind the part before it; `begins` when it may go on."""

    lexeme: str
    after: int = 1
    begins: bool = False


#: Parts side by side.
Phrase = tuple[Part, ...]
#: Phrases of which one is enough.
Term = tuple[Phrase, ...]


@dataclass(frozen=True)
class SearchQuery:
    """All terms of one of the `readings` must be there. Without any, nothing is found."""

    readings: tuple[tuple[Term, ...], ...]

    def __bool__(self) -> bool:
        return bool(self.readings)

    def tsquery(self) -> str:
        """With `ORG_MARK` where the org belongs; empty without words."""
        return _one_of(_all_of(terms) for terms in self.readings) if self else ""

    @property
    def terms(self) -> tuple[SearchQuery, ...]:
        """Each of the words as a query of its own, in the order that `without` counts them in."""
        return tuple(SearchQuery(((term,),)) for term in (self.readings[0] if self.readings else ()))

    def without(self, found: int) -> SearchQuery:
        """What is left to be found when the words with these bits have been; empty when all have."""
        terms = self.readings[0] if self.readings else ()
        left = tuple(term for place, term in enumerate(terms) if not found >> place & 1)
        return SearchQuery((left,) if left else ())

    def anywhere(self, weight: Weight) -> str:
        """Whether any of the terms is in the field of a weight."""
        return _one_of(_written(phrase, weight) for terms in self.readings for term in terms for phrase in term)

    def finds(self, *texts: str) -> bool:
        """Whether all words are in the texts together: what the database would answer."""
        indexes = [_index(text) for text in texts]
        return any(
            all(any(_stands_in(phrase, index) for phrase in term for index in indexes) for term in terms)
            for terms in self.readings
        )


def read_query(text: str) -> SearchQuery:
    """The first words of a text, each once; the last may be the beginning of a word, unless something follows it."""
    folded = folded_search(text)
    *whole, last = folded.split() or [""]
    chunks = [*((chunk, False) for chunk in dict.fromkeys(whole)), (last, True)]
    terms = (_term(chunk, being_typed=being_typed) for chunk, being_typed in chunks)
    by_digits = [((Part(digits, begins=True),),) for digits in _as_phone_number(folded.strip())]
    some = tuple(islice((term for term in terms if term is not None), MOST_WORDS))
    return SearchQuery(tuple(filter(None, (some, tuple(by_digits)))))


def _as_phone_number(folded: str) -> list[str]:
    """Its digits, when nothing else is asked for."""
    return [number.digits for number in phone_numbers(folded) if number.end - number.start == len(folded)]


def _term(chunk: str, *, being_typed: bool) -> Term | None:
    words = list(words_of(chunk))
    if not words:
        return None
    phrases = [_phrase(words, being_typed=being_typed)]
    if len(words) == 1:
        runs = words[0].runs if not words[0].sign else []
        if runs:
            phrases.append(_side_by_side(runs, being_typed=being_typed))
    elif [len(group) for group in joined_groups(chunk, words)] == [len(words)]:
        phrases.append(_side_by_side(["".join(word.text for word in words)[:LONGEST_WORD]], being_typed=being_typed))
    return tuple(phrases)


def _phrase(words: Sequence[Word], *, being_typed: bool) -> Phrase:
    parts: list[Part] = []
    place = words[0].place - 1
    for word, next_word in zip(words, [*words[1:], None], strict=True):
        alone = word.kind is Kind.PAIR and len(word.text) == 1
        if alone and parts and word.start < word.end and _ends_pairs(words, word):
            continue  # the pair before it has it
        begins = alone or (being_typed and next_word is None)
        parts.append(Part(word.text + word.sign, word.place - place, begins=begins))
        place = word.place
    return tuple(parts)


def _ends_pairs(words: Sequence[Word], last: Word) -> bool:
    """Whether a character is the last of several without spaces."""
    return any(word.kind is Kind.PAIR and word.end == last.end and word is not last for word in words)


def _side_by_side(texts: Sequence[str], *, being_typed: bool) -> Phrase:
    return tuple(Part(text, begins=being_typed and text is texts[-1]) for text in texts)


def _all_of(terms: Sequence[Term]) -> str:
    return " & ".join(_one_of(_written(phrase) for phrase in term) for term in terms)


def _one_of(texts: Iterable[str]) -> str:
    return "(" + " | ".join(texts) + ")"


def _written(phrase: Phrase, weight: Weight | None = None) -> str:
    text = ""
    for part in phrase:
        text += f" <{part.after}> " if text else "("
        flags = ("*" if part.begins else "") + (weight or "")
        text += f"'{ORG_MARK}{part.lexeme}'" + (f":{flags}" if flags else "")
    return text + ")"


def _index(text: str) -> dict[str, set[int]]:
    index: dict[str, set[int]] = {}
    for lexeme, place in lexemes(fold(text)):
        index.setdefault(lexeme, set()).add(place)
    return index


def _stands_in(phrase: Phrase, index: dict[str, set[int]]) -> bool:
    reached: set[int] | None = None
    for part in phrase:
        found = _places(part, index)
        reached = found if reached is None else {place for place in found if place - part.after in reached}
    return bool(reached)


def _places(part: Part, index: dict[str, set[int]]) -> set[int]:
    if not part.begins:
        return index.get(part.lexeme, set())
    return set().union(*(places for lexeme, places in index.items() if lexeme.startswith(part.lexeme)))
