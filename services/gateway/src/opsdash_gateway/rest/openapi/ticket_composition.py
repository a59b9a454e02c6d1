"""Describes the composed ticket from the upstreams' schemas: a ticket, and in it the first page of its comments."""

from __future__ import annotations

from opsdash_http.openapi.answers import RETRY_AFTER, header
from opsdash_http.openapi.schemas import Schema

PATH = "/api/orgs/{slug}/tickets/{reference}"
NAME = "ComposedTicket"
_REFERENCE = "#/components/schemas/"
_PARTS = {"available": "FirstComments", "unavailable": "UnavailablePart"}


def describe_composed_ticket(document: Schema) -> None:
    """Put the schema in, and name it as what GET of one ticket answers."""
    schemas = document["components"]["schemas"]
    schemas["UnavailablePart"] = {
        "type": "object",
        "required": ["status", "retry_after_seconds"],
        "properties": {"status": _only("unavailable"), "retry_after_seconds": {"type": "integer"}},
    }
    schemas["FirstComments"] = _extended(schemas["CommentPage"], "status", _only("available"))
    mapping = {status: _REFERENCE + name for status, name in _PARTS.items()}
    either = [{"$ref": reference} for reference in mapping.values()]
    comments = {"oneOf": either, "discriminator": {"propertyName": "status", "mapping": mapping}}
    schemas[NAME] = _extended(schemas["TicketDetail"], "comments", comments)
    operation = document["paths"][PATH]["get"]
    operation["description"] = "One ticket, by id or by number, with the first page of its comments."
    answer = operation["responses"]["200"]
    answer["content"]["application/json"]["schema"] = {"$ref": _REFERENCE + NAME}
    answer["headers"] |= header(RETRY_AFTER)


def _only(value: str) -> Schema:
    return {"type": "string", "enum": [value]}


def _extended(schema: Schema, name: str, member: Schema) -> Schema:
    """The object with one member more."""
    return {
        **schema,
        "properties": {**schema["properties"], name: member},
        "required": [*schema["required"], name],
    }
