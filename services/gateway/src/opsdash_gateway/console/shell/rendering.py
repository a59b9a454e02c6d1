"""Templates to HTML: one Jinja environment per language, undefined names are errors, everything is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from opsdash_contracts.workspace import PLATE_CAPS

from opsdash_gateway.console.assets.files import Assets
from opsdash_gateway.console.i18n import times
from opsdash_gateway.console.i18n.browsers import TOO_OLD
from opsdash_gateway.console.i18n.labels import labels_in
from opsdash_gateway.console.i18n.languages import Language

TEMPLATES: Final = Path(__file__).parents[2] / "templates"
HUES: Final = 6


class Renderer:
    """Renders any template in any of the languages."""

    def __init__(self, languages: Mapping[str, Language], assets: Assets, plates_url: str | None = None) -> None:
        self.languages = languages
        self.assets = assets
        self._environments = {code: _environment(languages, code, assets) for code in languages}
        for environment in self._environments.values():
            environment.globals["plates_url"] = plates_url

    def html(self, language: Language, template: str, context: Mapping[str, Any]) -> str:
        return self._environments[language.code].get_template(template).render(context)


def initials(name: str) -> str:
    """`Maya Lindqvist` → `ML`."""
    return "".join(word[0] for word in name.split()[:2]).upper() or "?"


def hue(name: str) -> int:
    """One of six colours, the same for the same name everywhere."""
    return sum(map(ord, name)) % HUES


def _environment(languages: Mapping[str, Language], code: str, assets: Assets) -> Environment:
    language = languages[code]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined] # the extension adds it
    environment.filters |= {
        "initials": initials,
        "hue": hue,
        "number": partial(format_decimal, locale=language.locale),
        "relative": partial(times.relative, locale=language.locale),
        "relative_short": partial(times.relative, locale=language.locale, short=True),
        "span_since": partial(times.span_since, locale=language.locale),
        "day": partial(times.day, locale=language.locale),
        "exact": partial(times.exact, locale=language.locale),
    }
    environment.globals |= {
        "asset": assets.address,
        "labels": labels_in(language),
        "language": language,
        "languages": languages,
        "plate_caps": PLATE_CAPS,
        "too_old": language.text(TOO_OLD),
        "sla_soon_seconds": times.SLA_SOON_SECONDS,
        "sla_tone": times.sla_tone,
    }
    return environment
