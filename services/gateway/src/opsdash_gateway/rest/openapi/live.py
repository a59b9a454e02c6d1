"""Describes the answer of the live stream, which is no JSON document."""

from __future__ import annotations

from opsdash_http.openapi.schemas import Schema

PATH = "/api/orgs/{slug}/events"
DESCRIPTION = (
    "Server-Sent Events: `ticket`, `comment`, `sla`, `counts`, `inbox` and `resync`, with JSON data; `retry` and `id`"
    " as HTML says. It lasts until the client leaves, the token expires or the membership ends"
)


def describe_stream(document: Schema) -> None:
    """Name the media type of the answer."""
    operation = document["paths"][PATH]["get"]
    content = {"text/event-stream": {"schema": {"type": "string"}}}
    operation["responses"]["200"] |= {"description": DESCRIPTION, "content": content}
