"""Which languages the console has, and which of them a request is answered in."""

from __future__ import annotations

from opsdash_http.errors.problems import not_found
from opsdash_http.types import HttpConnection

from opsdash_gateway.console.i18n.accept_language import preferred_language

LOCALES = ("en", "es")
DEFAULT_LOCALE = "en"
LOCALE_COOKIE = "opsdash-locale"


def known_locale(connection: HttpConnection) -> str:
    """The language of a page's address; one that we do not have is 404."""
    locale = str(connection.path_params["locale"])
    if locale not in LOCALES:
        raise not_found()
    return locale


def locale_of(connection: HttpConnection) -> str:
    """The language of a page's address, else the one chosen before, else the one of ours the browser prefers."""
    for named in (connection.path_params.get("locale"), connection.cookies.get(LOCALE_COOKIE)):
        if named in LOCALES:
            return str(named)
    return preferred_language(connection.headers.get("accept-language", ""), LOCALES) or DEFAULT_LOCALE
