"""Describes what the gateway adds to a page of tickets: that a search could not look everywhere."""

from __future__ import annotations

from opsdash_http.openapi.schemas import Schema


def describe_narrowed_search(document: Schema) -> None:
    """The member is there only when it says something."""
    page = document["components"]["schemas"]["TicketPage"]
    page["properties"] = page["properties"] | {
        "narrowed": {
            "type": "array",
            "items": {"type": "string", "enum": ["comments"]},
            "description": "Where the words were not looked for, or not everywhere: the service is away, or has more"
            " matches than are looked through",
        }
    }
