"""The AsyncAPI 3.0 document, made from the topic catalogue and the schemas. https://www.asyncapi.com/docs/reference"""

from typing import Any, Final, Literal

from opsdash_contracts import headers
from opsdash_contracts.envelope import dataschema_of
from opsdash_contracts.registry import model_for
from opsdash_contracts.schemas import schema_file
from opsdash_contracts.topics import Topic, catalogue

Document = dict[str, Any]

_BINDING: Final = {"bindingVersion": "0.5.0"}
_UUID: Final = {"type": "string", "format": "uuid"}
_TEXT: Final = {"type": "string", "minLength": 1}
_HEADERS: Final[Document] = {
    "ce_id": {
        **_UUID,
        "description": "The same for ever, in every repeat and replay: consumers de-duplicate on it.",
    },
    "ce_type": _TEXT,
    "ce_source": _TEXT,
    "ce_subject": {**_TEXT, "description": "Id of the aggregate; the record key unless ce_partitionkey is."},
    "ce_time": {"type": "string", "format": "date-time"},
    "ce_specversion": {"const": headers.SPEC_VERSION},
    "ce_dataschema": {"type": "string", "pattern": "^urn:opsdash:.+:v[1-9][0-9]*$"},
    "content-type": {"const": headers.CONTENT_TYPE},
    headers.ORG: {**_UUID, "description": "Absent on events that belong to no org."},
    "ce_sequence": {"type": "string", "pattern": "^[1-9][0-9]*$", "description": "Version of the aggregate."},
    "ce_actorid": {**_UUID, "description": "The user who did it; absent when the system did."},
    "ce_partitionkey": {**_TEXT, "description": "The record key; present where that is not the aggregate."},
    "ce_replayed": {"const": "true", "description": "Present on events sent again from the owner's history."},
    headers.TRACE: {"type": "string", "pattern": headers.TRACEPARENT_PATTERN},
}


def document() -> Document:
    topics = catalogue().values()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "OpsDash Support events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in Kafka binary mode. At least once, in version order per key.",
        },
        "defaultContentType": headers.CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": {name: operation for topic in topics for name, operation in _operations(topic)},
        "components": {
            "messages": {
                message_id(event_type, version): _message(event_type, version)
                for topic in topics
                for event_type, version in _messages(topic)
            },
            "schemas": {"headers": header_schema()},
        },
    }


def header_schema() -> Document:
    always = [name for name in headers.REQUIRED if name != headers.ORG]
    return {"type": "object", "required": always, "properties": _HEADERS}


def message_id(event_type: str, version: int) -> str:
    return f"{event_type}.v{version}"


def _messages(topic: Topic) -> list[tuple[str, int]]:
    return [(event_type, version) for event_type, versions in topic.events.items() for version in versions]


def _channel(topic: Topic) -> Document:
    configuration = {"cleanup.policy": [topic.cleanup_policy], "retention.ms": topic.retention_ms}
    kafka = {"partitions": topic.partitions, "topicConfiguration": configuration, **_BINDING}
    ids = [message_id(event_type, version) for event_type, version in _messages(topic)]
    return {
        "address": topic.name,
        "description": topic.description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in ids},
        "bindings": {"kafka": kafka},
    }


def _operations(topic: Topic) -> list[tuple[str, Document]]:
    sends = [(f"{service}-sends-{topic.name}", _operation("send", topic)) for service in topic.producers]
    receives = [(f"{service}-receives-{topic.name}", _operation("receive", topic)) for service in topic.consumers]
    return sends + receives


def _operation(action: Literal["send", "receive"], topic: Topic) -> Document:
    return {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}}


def _message(event_type: str, version: int) -> Document:
    of_an_org = {"required": [headers.ORG]} if model_for(event_type, version).of_an_org else {}
    return {
        "name": event_type,
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/headers"},
                {
                    **of_an_org,
                    "properties": {
                        "ce_type": {"const": event_type},
                        "ce_dataschema": {"const": dataschema_of(event_type, version)},
                    },
                },
            ]
        },
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"../schemas/{schema_file(event_type, version)}"},
        },
        "bindings": {"kafka": {"key": _UUID, **_BINDING}},
    }
