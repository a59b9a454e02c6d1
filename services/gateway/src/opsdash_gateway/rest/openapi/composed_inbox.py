"""Describes the composed inbox from the upstreams' schemas: its rows, with what they show of their tickets."""

from __future__ import annotations

from typing import Final

from opsdash_http.openapi.schemas import Schema

PATH: Final = "/api/orgs/{slug}/inbox"
_REFERENCE: Final = "#/components/schemas/"
_OF_TICKET: Final = ("title", "status", "priority")


def describe_composed_inbox(document: Schema) -> None:
    """Put the schemas in, and name them as what GET of an inbox answers."""
    schemas = document["components"]["schemas"]
    ticket, entry, page = schemas["InboxTicket"], schemas["InboxRow"], schemas.pop("InboxPage")
    of_ticket = {name: schemas["TicketRow"]["properties"][name] for name in _OF_TICKET}
    schemas["ComposedInboxTicket"] = {
        **ticket,
        "properties": ticket["properties"] | of_ticket,
        "required": [*ticket["required"], *_OF_TICKET],
    }
    either = [{"$ref": f"{_REFERENCE}ComposedInboxTicket"}, {"type": "null"}]
    schemas["ComposedInboxRow"] = {**entry, "properties": entry["properties"] | {"ticket": {"oneOf": either}}}
    items = page["properties"]["items"] | {"items": {"$ref": f"{_REFERENCE}ComposedInboxRow"}}
    schemas["ComposedInboxPage"] = {**page, "properties": page["properties"] | {"items": items}}
    operation = document["paths"][PATH]["get"]
    operation["description"] = (
        "What the caller was told in this org, newest first: one row for each ticket they can see."
    )
    content = operation["responses"]["200"]["content"]["application/json"]
    content["schema"] = {"$ref": f"{_REFERENCE}ComposedInboxPage"}
