"""Addresses inside the console: where sign-in is, and where it may lead back to."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from opsdash_http.types import HttpConnection

from opsdash_gateway.console.i18n.locales import locale_of

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


def sign_in_address(connection: HttpConnection) -> str:
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
    return sign_in_path(locale_of(connection), here)


def sign_in_path(locale: str, back_to: str | None = None) -> str:
    address = f"/{locale}/sign-in"
    return f"{address}?{urlencode({'next': back_to})}" if safe_next(back_to) else address
