"""Describes the composed ticket from the owners' schemas: a ticket, and in it the first page of its comments."""

from __future__ import annotations

from typing import Any

PATH = "/api/orgs/{slug}/tickets/{reference}"
NAME = "ComposedTicket"
UNAVAILABLE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["status", "retry_after_seconds"],
    "properties": {"status": {"const": "unavailable"}, "retry_after_seconds": {"type": "integer"}},
}


def describe_composed_ticket(document: dict[str, Any]) -> None:
    """Put the schema in, and name it as what GET of one ticket answers."""
    schemas = document["components"]["schemas"]
    schemas["UnavailablePart"] = UNAVAILABLE
    schemas["FirstComments"] = _extended(schemas["CommentPage"], "status", {"const": "available"})
    either = [{"$ref": f"#/components/schemas/{name}"} for name in ("FirstComments", "UnavailablePart")]
    schemas[NAME] = _extended(schemas["TicketDetail"], "comments", {"oneOf": either})
    operation = document["paths"][PATH]["get"]
    operation["description"] = "One ticket, by id or by number, with the first page of its comments."
    operation["responses"]["200"]["content"]["application/json"]["schema"] = {"$ref": f"#/components/schemas/{NAME}"}


def _extended(schema: dict[str, Any], name: str, member: dict[str, Any]) -> dict[str, Any]:
    """The object with one member more."""
    return {
        **schema,
        "title": schema.get("title", "") and f"{schema['title']} with {name}",
        "properties": {**schema["properties"], name: member},
        "required": [*schema["required"], name],
    }
