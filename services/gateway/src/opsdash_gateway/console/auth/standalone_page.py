"""Pages outside the console's frame: sign-in, its failures, signed out."""

from __future__ import annotations

from functools import lru_cache
from html import escape

from litestar import Response
from litestar.enums import MediaType

from opsdash_gateway.console.assets.files import Assets
from opsdash_gateway.console.i18n.browsers import SUPPORTED, TOO_OLD
from opsdash_gateway.console.i18n.languages import Language, load_languages


@lru_cache(maxsize=1)
def _files() -> str:
    """The console's own look; names are made of contents, so these are the files that the pages have."""
    asset = Assets().address
    return (
        f'<script src="{asset("theme.js")}"></script>'
        f'<link rel="icon" href="{asset("favicon.svg")}" type="image/svg+xml">'
        f'<link rel="stylesheet" href="{asset("app.css")}">'
    )


@lru_cache(maxsize=8)
def language(locale: str) -> Language:
    return load_languages()[locale]


def standalone_page(title: str, body: str, *, locale: str = "en", status: int = 200, head: str = "") -> Response[str]:
    """A page of one card; `body` and `head` are HTML, the title is text."""
    said = language(locale)
    html = (
        f'<!doctype html><html lang="{escape(locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"{head}<title>{escape(title)} · OpsDash</title>{_files()}</head>"
        f'<body class="outside"><p class="too-old" role="alert">{escape(said.text(TOO_OLD))}</p>'
        f"<main><h1>{escape(title)}</h1>{body}"
        f'<p class="browsers">{escape(said.text(SUPPORTED))}</p></main></body></html>'
    )
    return Response(html, status_code=status, media_type=MediaType.HTML)
