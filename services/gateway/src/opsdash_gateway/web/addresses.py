"""Addresses inside the console: where sign-in is, and where it may lead back to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar.connection import ASGIConnection

LOCALES = ("en", "es")
DEFAULT_LOCALE = "en"
MAXIMUM_NEXT_CHARACTERS = 1000
_NOT_PAGES = ("/api", "/dev", "/static", "/sign-in", "/sign-out")


def safe_next(value: str | None) -> str | None:
    """A path of this site with its query, or None: a link must not lead a person who has just signed in elsewhere.

    Browsers drop tabs and line ends from addresses and read a backslash as a slash, so none may be in it.
    """
    if not value or len(value) > MAXIMUM_NEXT_CHARACTERS or not value.startswith("/") or value.startswith("//"):
        return None
    if "\\" in value or any(character <= " " or character == "\x7f" for character in value):
        return None
    path = urlsplit(value).path
    if ".." in path.split("/") or any(path == root or path.startswith(f"{root}/") for root in _NOT_PAGES):
        return None
    return value


def locale_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The language of a page's address, else the first of ours that the browser asks for."""
    named = str(connection.path_params.get("locale", ""))
    if named in LOCALES:
        return named
    for entry in connection.headers.get("accept-language", "").split(","):
        language = entry.partition(";")[0].strip().lower().partition("-")[0]
        if language in LOCALES:
            return language
    return DEFAULT_LOCALE


def sign_in_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The sign-in page, from where the visitor comes back to the page they are on.

    A fragment is no page: htmx names the page around it.
    """
    if connection.headers.get("hx-request") == "true":
        around = urlsplit(connection.headers.get("hx-current-url", ""))
        here = around.path + (f"?{around.query}" if around.query else "")
    else:
        query = connection.scope.get("query_string", b"").decode("latin-1")
        here = connection.scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1")
        here += f"?{query}" if query else ""
    address = f"/{locale_of(connection)}/sign-in"
    return f"{address}?{urlencode({'next': here})}" if safe_next(here) else address
