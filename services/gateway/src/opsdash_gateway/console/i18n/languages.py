"""Languages of the console: gettext catalogues, compiled in memory when the gateway starts, and Babel's locale data."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from opsdash_gateway.console.i18n.locales import LOCALES

CATALOGUES: Final = Path(__file__).parents[2] / "locale"
NAMES: Final = {"en": "English", "es": "Español"}
PSEUDO: Final = "en-XA"
_PLACEHOLDER = re.compile(r"(%\(\w+\)[sd]|%%|\{\w+\}|<[^>]+>)")
_ACCENTED = str.maketrans("aeiouyAEIOUYcnszCNSZ", "åéîöûýÅÉÎÖÛÝçñšžÇÑŠŽ")


def N_(text: str) -> str:  # noqa: N802 - the usual name; extraction looks for it
    """Mark a text for translation where it is only stored."""
    return text


@dataclass(frozen=True)
class Language:
    """One language of the console; `code` is what its addresses and the page's `lang` say."""

    code: str
    name: str
    locale: Locale
    translations: gettext.NullTranslations

    @property
    def direction(self) -> str:
        return self.locale.text_direction

    def text(self, message: str, **values: object) -> str:
        """The message in this language with its placeholders filled in."""
        translated = self.translations.gettext(message)
        return translated % values if values else translated


class PseudoTranslations(gettext.NullTranslations):
    """English that looks foreign and runs longer, to show what nobody translated and what gets cut."""

    def gettext(self, message: str) -> str:
        pieces = _PLACEHOLDER.split(message)
        accented = "".join(piece if index % 2 else piece.translate(_ACCENTED) for index, piece in enumerate(pieces))
        return f"[{accented}{'~' * (len(message) // 4)}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def load_languages(*, pseudo: bool = False) -> Mapping[str, Language]:
    """Every language by its code; the pseudo-locale too when asked for."""
    languages = {code: Language(code, NAMES[code], Locale.parse(code), _translations(code)) for code in LOCALES}
    if pseudo:
        languages[PSEUDO] = Language(PSEUDO, "Pseudo", Locale.parse("en"), PseudoTranslations())
    return languages


@cache
def _translations(code: str) -> gettext.NullTranslations:
    """English texts are their own message ids and need no catalogue; what one lacks falls back to them."""
    source = CATALOGUES / code / "messages.po"
    if not source.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with source.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
