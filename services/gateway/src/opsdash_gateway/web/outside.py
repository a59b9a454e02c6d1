"""Pages outside the console's frame: sign-in, its failures, signed out."""

from __future__ import annotations

from html import escape

from litestar import Response
from litestar.enums import MediaType


def outside_page(title: str, body: str, *, locale: str = "en", status: int = 200, head: str = "") -> Response[str]:
    """A page of one card; `body` and `head` are HTML, the title is text."""
    html = (
        f'<!doctype html><html lang="{escape(locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{head}<title>{escape(title)} · OpsDash Support</title></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )
    return Response(html, status_code=status, media_type=MediaType.HTML)
