"""Describes where the descriptions are: routes without a caller, beside the API."""

from __future__ import annotations

from typing import Final

from opsdash_http.openapi.answers import describe
from opsdash_http.openapi.schemas import Schema

JSON_PATH, YAML_PATH = "/schema/openapi.json", "/schema/openapi.yaml"
JSON_TYPE, YAML_TYPE = "application/vnd.oai.openapi+json", "application/vnd.oai.openapi"
EVENTS_JSON_PATH, EVENTS_YAML_PATH = "/schema/asyncapi.json", "/schema/asyncapi.yaml"
EVENTS_JSON_TYPE, EVENTS_YAML_TYPE = "application/vnd.aai.asyncapi+json", "application/vnd.aai.asyncapi"
EVENT_PATH, EVENT_TYPE = "/schema/events/{event_type}/{file}", "application/schema+json"

_OBJECT, _TEXT = {"type": "object"}, {"type": "string"}
_DOCUMENTS: Final = (
    (JSON_PATH, JSON_TYPE, _OBJECT, "getDocumentAsJson", "This document as JSON"),
    (YAML_PATH, YAML_TYPE, _TEXT, "getDocumentAsYaml", "This document as YAML"),
    (EVENTS_JSON_PATH, EVENTS_JSON_TYPE, _OBJECT, "getEventsAsJson", "The AsyncAPI document of the events as JSON"),
    (EVENTS_YAML_PATH, EVENTS_YAML_TYPE, _TEXT, "getEventsAsYaml", "The AsyncAPI document of the events as YAML"),
    (EVENT_PATH, EVENT_TYPE, _OBJECT, "getEventSchema", "The JSON Schema of one event's data"),
)
_EVENT_PARAMETERS: Final = [
    {
        "name": "event_type",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "example": "support_ticket.updated",
    },
    {
        "name": "file",
        "in": "path",
        "required": True,
        "description": "The version of the event type.",
        "schema": {"type": "string", "pattern": r"^v[1-9][0-9]{0,3}\.json$"},
        "example": "v1.json",
    },
]


def describe_itself(document: Schema) -> None:
    """Put the routes in."""
    for path, media_type, schema, name, summary in _DOCUMENTS:
        operation: Schema = {
            "operationId": name,
            "summary": summary,
            "tags": ["document"],
            "security": [],
            "responses": {"200": {"description": "The document", "content": {media_type: {"schema": schema}}}},
        }
        if path == EVENT_PATH:
            operation["parameters"] = _EVENT_PARAMETERS
        describe(operation)
        if path == EVENT_PATH:
            operation["responses"]["404"] = {"$ref": "#/components/responses/NotFound"}
        document["paths"][path] = {"get": operation}
