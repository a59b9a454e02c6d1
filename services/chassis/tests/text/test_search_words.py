"""The one definition of what a search finds: by examples of what people write, and by what holds for any text."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_chassis.text import search_index
from opsdash_chassis.text.folding import MOST_WORDS, fold, folded_words
from opsdash_chassis.text.search_index import Weight
from opsdash_chassis.text.search_query import ORG_MARK, read_query
from opsdash_chassis.text.words import LONGEST_WORD, words_of

#: By kind of what people write: what is looked for and the text that it is in, and pairs that do not belong together.
CASES = json.loads(Path(__file__).with_name("search_cases.json").read_text(encoding="utf-8"))
ORG = UUID("0b7c5f0e-6a0c-5e0f-9b4e-0d5ad4f3c0a1")
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)
WRITTEN = st.lists(
    st.sampled_from([*".-'@/ +#", "Anna", "straße", "PO", "81234567", "会議", "室", "v2", "é", "\u0301"]), max_size=12
).map("".join)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [pytest.param(*row, id=f"{kind}: {row[0]}") for kind, rows in CASES["found"].items() for row in rows],
)
def test_what_a_reader_sees_is_found(wanted: str, text: str):
    assert read_query(wanted).finds(text)


@pytest.mark.parametrize(("wanted", "text"), CASES["not_found"])
def test_what_is_not_there_is_not_found(wanted: str, text: str):
    assert not read_query(wanted).finds(text)


@given(TEXTS | WRITTEN)
def test_folding_again_changes_nothing(text: str):
    assert fold(fold(text)) == fold(text)


@given(TEXTS | WRITTEN, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_every_form_of_a_text_is_the_same(text: str, form: str):
    assert fold(unicodedata.normalize(form, text)) == fold(text)


@pytest.mark.parametrize("mark", ["", "\u0327", "\u0308"])
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_an_acute_for_an_apostrophe_is_one_in_every_form(form: str, mark: str):
    assert fold(unicodedata.normalize(form, f"d\u00b4{mark}accord")) == "d'accord"


@given(TEXTS | WRITTEN)
def test_every_text_finds_itself(text: str):
    assert read_query(text).finds(text) or not list(words_of(fold(text)))


@given(WRITTEN, st.data())
def test_every_part_of_what_is_written_together_is_found(text: str, data: st.DataObject):
    for chunk in fold(text).split():
        words = list(words_of(chunk))
        if words:
            first = data.draw(st.integers(0, len(words) - 1))
            last = data.draw(st.integers(first, len(words) - 1))
            part = chunk[words[first].start : words[last].end]
            assert read_query(part).finds(text), part


@given(WRITTEN, st.data())
def test_what_is_being_typed_is_found_from_its_first_character(text: str, data: st.DataObject):
    words = list(words_of(fold(text)))
    if words:
        word = data.draw(st.sampled_from(words))
        typed = word.text[: data.draw(st.integers(1, len(word.text)))]
        assert read_query(typed).finds(text), typed


@given(TEXTS)
def test_nothing_of_a_text_is_syntax(text: str):
    query = read_query(text)
    if query:
        lexemes = [part.lexeme for terms in query.readings for term in terms for phrase in term for part in phrase]
        assert not set("'\\:&|!<>()* \x00") & set("".join(lexemes))
        assert query.tsquery().count(ORG_MARK) == len(lexemes)


def test_a_vector_names_org_place_and_field():
    vector = search_index.vector(ORG, [(Weight.A, "Printer jam"), (Weight.D, "the printer")])
    assert vector.split() == [
        "'0d5ad4f3c0a1:printer':1A,6D",
        "'0d5ad4f3c0a1:jam':2A",
        "'0d5ad4f3c0a1:the':5D",
    ]


@pytest.mark.parametrize(
    "text", ["\ufdfa" * 200, " ".join(f"w{place}" for place in range(100)), "a.b c " * 100, "\u3300" * 200]
)
def test_what_is_looked_for_is_bounded(text: str):
    query = read_query(text)
    assert 0 < len(query.terms) <= MOST_WORDS
    assert query.tsquery().count(ORG_MARK) <= 2 * 200
    assert len(folded_words(text)) <= MOST_WORDS


def test_a_word_that_is_typed_twice_counts_once():
    assert read_query("jam jam printer jam paper") == read_query("jam printer paper")
    assert folded_words("Jam jàm printer") == ["jam", "printer"]


def test_fields_are_no_neighbours():
    assert not read_query("jam.the").finds("printer jam", "the printer")


def test_places_stay_below_what_the_database_keeps():
    vector = search_index.vector(ORG, [(Weight.D, "a b " * 10_000)])
    places = [int(place[:-1]) for entry in vector.split() for place in entry.rpartition(":")[2].split(",")]
    assert max(places) <= 16_383
    assert len(places) > 100


def test_a_word_without_end_is_compared_by_its_beginning():
    word = "x" * 10 * LONGEST_WORD
    assert read_query(word).finds(word)
    assert max(map(len, search_index.vector(ORG, [(Weight.D, word)]).split())) < 2 * LONGEST_WORD


def test_a_title_is_known_as_a_whole():
    assert search_index.title_lexeme("Facturación \u2013 bloqueada!") == search_index.title_lexeme(
        "facturacion bloqueada"
    )
    assert search_index.title_lexeme("bloqueada") != search_index.title_lexeme("facturacion bloqueada")
    assert search_index.title_lexeme("…") is None
