"""What htmx asks and how we answer it beside the HTML: events for the page's scripts."""

from __future__ import annotations

import json
from typing import Any

from opsdash_http.types import HttpConnection


def is_fragment(connection: HttpConnection) -> bool:
    """The request comes from a script of ours that wants a part, not from the address bar."""
    return connection.headers.get("hx-request") == "true"


def events(**named: Any) -> dict[str, str]:
    """The header that fires `opsdash:<name>` events with their details; underscores stand for hyphens."""
    return {"HX-Trigger": json.dumps({f"opsdash:{name.replace('_', '-')}": detail for name, detail in named.items()})}


def toast(
    kind: str, text: str, *, link: tuple[str, str] | None = None, detail: dict[str, Any] | None = None, **more: Any
) -> dict[str, str]:
    """The event of a toast (`success` or `error`) with perhaps a link (label, address), and other events with it.

    `again` in `detail` is the label of a button that sends the request once more; `moments` are what stands in the text
    as `{key}`, for scripts to put into the reader's zone.
    """
    detail = {"kind": kind, "text": text, **(detail or {})}
    if link:
        detail |= {"action": link[0], "href": link[1]}
    return events(toast=detail, **more)
