"""The translated texts: complete, with the placeholders of the original, and without what nobody uses any more."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO

import pytest
from babel.messages.extract import extract
from opsdash_gateway.console.i18n import catalogues
from opsdash_gateway.console.i18n.catalogues import KEYWORDS, catalogue, python_texts
from opsdash_gateway.console.i18n.languages import load_languages
from opsdash_gateway.console.i18n.locales import LOCALES

TRANSLATED = [code for code in LOCALES if code != "en"]
#: Read from all sources once: it takes a third of a second.
extracted = cache(catalogues.extracted)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)\{\w+\}")


def forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str) or text is None else list(text)


@pytest.mark.parametrize("code", TRANSLATED)
class TestCatalogue:
    def test_every_text_is_translated(self, code: str) -> None:
        known = catalogue(code)
        wanted = [message.id for message in extracted() if message.id]
        assert len(wanted) > 200
        missing = []
        for text in wanted:
            found = known.get(forms(text)[0])
            if found is None or not all(forms(found.string)) or found.fuzzy:
                missing.append(text)
        assert missing == [], "run `make messages`, then translate"

    def test_nothing_is_left_of_texts_that_are_gone(self, code: str) -> None:
        wanted = {forms(message.id)[0] for message in extracted()}
        assert {forms(message.id)[0] for message in catalogue(code)} <= wanted

    def test_placeholders_are_those_of_the_original(self, code: str) -> None:
        for message in catalogue(code):
            if not message.id:
                continue
            expected = {name for form in forms(message.id) for name in PLACEHOLDER.findall(form)}
            for form in forms(message.string):
                assert set(PLACEHOLDER.findall(form)) == expected, message.id


class TestPythonTexts:
    """The same on every version of Python, of which some hide calls inside f-strings from Babel."""

    @pytest.mark.parametrize(
        ("source", "texts"),
        [
            ("""f"<p>{escape(said.text('Signed out'))}</p>" """, ["Signed out"]),
            ("""f'<p>{said.text("One")}</p>' f"{N_('Two'):>{len(_('Three'))}}" """, ["One", "Two", "Three"]),
            ("""text("In two " "pieces", name=_("inside"))""", ["In two pieces", "inside"]),
            ("""ngettext("%(num)s day", "%(num)s days", 2)""", [("%(num)s day", "%(num)s days")]),
            ("""text(variable), text(f"{computed}"), text(), text(b"bytes"), other("text")""", []),
            ("""def text(message="Not a call"): ...""", []),
        ],
    )
    def test_calls_with_literal_texts_are_found(self, source: str, texts: list[object]) -> None:
        found = extract(python_texts, BytesIO(source.strip().encode()), KEYWORDS)
        assert [message for _, message, _, _ in found] == texts


def test_spanish_has_its_plurals() -> None:
    spanish = load_languages()["es"].translations
    texts = [spanish.ngettext("%(num)s comment", "%(num)s comments", count) for count in (0, 1, 2)]
    assert texts == ["%(num)s comentarios", "%(num)s comentario", "%(num)s comentarios"]


def test_the_pseudo_locale_leaves_placeholders_alone() -> None:
    pseudo = load_languages(pseudo=True)["en-XA"]
    shown = pseudo.text("%(name)s changed this", name="Ada")
    assert shown.startswith("[Ada ")
    assert shown != "[Ada changed this]"
    assert "{time}" in pseudo.text("{time} overdue")
