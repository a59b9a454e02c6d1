"""The documentation is laid out by what a reader wants, its index has every page, its glossary is in order."""

from __future__ import annotations

import re

import pytest

from tests.architecture.sources import ROOT
from tests.support.repository import DOCUMENTS, code_of, relative_links, rows, text_of

PARTS = {"tutorial", "how-to", "reference", "explanation"}
README_PARTS = ["Start it", "A first ticket, and its event", "The map", "Further"]
LONGEST_README = 100
PAGES = [name for name in DOCUMENTS if name.startswith("docs/")]
INDEX = "docs/README.md"
GLOSSARY = rows("docs/glossary.md", "word", "meaning")
#: What a reader of the code and of the pages meets first.
WORDS = {
    "ticket",
    "org",
    "plate",
    "due time, SLA due time",
    "warning",
    "breach",
    "notice",
    "upstream",
    "outbox",
    "inbox",
}
WORDS |= {"redrive", "dead letter", "relay", "replay", "ledger", "sweep"}


def indexed(*indexes: str) -> set[str]:
    """Pages that these indexes link to."""
    targets = {path for index in indexes for path, _ in relative_links(index)}
    return {path.relative_to(ROOT).as_posix() for path in targets if path.suffix == ".md" and path.is_relative_to(ROOT)}


def sentences(text: str) -> int:
    return len(re.findall(r"\.(?= |$)", text))


def test_the_readme_is_short_and_has_its_parts():
    text = text_of("README.md")
    assert len(text.splitlines()) <= LONGEST_README
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == README_PARTS
    assert text.count("![") == 1
    assert "make run" in code_of("README.md")


def test_every_page_is_in_one_of_the_four_parts():
    outside = [name for name in PAGES if name.split("/")[1] not in PARTS]
    assert sorted(outside) == ["docs/README.md", "docs/glossary.md"]
    assert {path.name for path in (ROOT / "docs").iterdir() if path.is_dir()} == PARTS | {"screenshots"}


def test_the_indexes_have_every_page():
    indexes = [name for name in PAGES if name.endswith("/README.md")]
    assert set(PAGES) - indexed(*indexes) - {INDEX} == set()
    assert INDEX in indexed("README.md")


def test_the_glossary_has_the_words_in_order():
    words = [row["word"] for row in GLOSSARY]
    assert words == sorted(words, key=str.lower)
    assert set(words) >= WORDS


@pytest.mark.parametrize("row", GLOSSARY, ids=lambda row: row["word"])
def test_a_word_takes_a_sentence_or_two(row: dict[str, str]):
    assert row["meaning"].endswith(".")
    assert 1 <= sentences(row["meaning"]) <= 2


def test_sentences_are_counted():
    assert [sentences(text) for text in ("One.", "One. Two.", "1.5 of one. Two. Three.", "none")] == [1, 2, 3, 0]
