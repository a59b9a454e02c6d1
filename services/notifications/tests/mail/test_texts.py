"""Every text of a mail is in every language, with the same places for values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from opsdash_contracts.notices import Reason
from opsdash_notifications.languages import DEFAULT_LANGUAGE, LANGUAGES
from opsdash_notifications.mail import texts

PACKAGE = Path(texts.__file__).parents[1]
METHODS = [("mail/**.py", "python"), ("chat/**.py", "python"), ("mail/templates/**", "jinja2")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
PLACE = re.compile(r"%\(\w+\)[sd]")
OTHERS = [language for language in LANGUAGES if language != DEFAULT_LANGUAGE]


def used() -> set[str]:
    found = set[str]()
    for _, _, message, _, _ in extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS, directory_filter=lambda _: True):
        found.add(message if isinstance(message, str) else message[0])
    return found


def translated(language: str) -> list[Message]:
    with (texts.CATALOGUES / language / "messages.po").open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_a_translation_and_no_other_is_there(language: str) -> None:
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in translated(language)}
    assert len(used()) > 30
    assert known == used()


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    for message in translated(language):
        originals = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        assert all(strings), message.id
        places = {tuple(sorted(PLACE.findall(text))) for text in (*originals, *strings)}
        assert len(places) == 1, message.id


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_is_said(reason: Reason, language: str) -> None:
    assert texts.happening(reason, None, language).endswith(".")
    assert texts.kind(reason, language)


def test_a_person_is_named_where_a_person_did_it() -> None:
    assert texts.happening(Reason.MENTIONED, "Maya", "en") == "Maya mentioned you."
    assert texts.happening(Reason.MENTIONED, "Maya", "es") == "Maya te ha mencionado."
    assert texts.happening(Reason.SLA_BREACHED, "Maya", "en") == "This ticket is overdue."


def test_a_language_that_is_not_there_is_english() -> None:
    assert texts.happening(Reason.MENTIONED, None, "../../etc") == "You were mentioned."
