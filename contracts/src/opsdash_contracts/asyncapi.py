"""The AsyncAPI 3.0 document, made from the topic catalogue and the schemas. https://www.asyncapi.com/docs/reference

One file that needs no other: every schema is a component of it.
"""

from typing import Any, Final, Literal

from opsdash_contracts import headers
from opsdash_contracts.envelope import dataschema_of
from opsdash_contracts.registry import event_types, model_for
from opsdash_contracts.schemas import schema_of, schema_path
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
_DESCRIPTION: Final = """\
CloudEvents 1.0 in Kafka binary mode. At least once, in version order per key. The gateway serves each payload's JSON
Schema by itself, at `/schema/events/<event type>/v<schema version>.json`."""
_SERVERS: Final[Document] = {
    "local": {
        "host": "127.0.0.1:8010",
        "protocol": "kafka",
        "description": "The local stack, `make run`; ten ports above its PORT.",
    },
    "production": {
        "host": "{bootstrap}",
        "protocol": "kafka-secure",
        "description": "SASL_SSL; every consumer has a user and a consumer group of its own.",
        "variables": {
            "bootstrap": {
                "description": "Bootstrap servers of the Kafka that this deployment publishes to.",
                "default": "kafka.example.com:9093",
            }
        },
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
    },
}
_SHARED: Final = "#/$defs/"
_COMPONENT: Final = "#/components/schemas/"


def document() -> Document:
    """The whole. Raises ValueError when a name means two schemas."""
    topics = catalogue().values()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "OpsDash Support events",
            "version": "1.0.0",
            "description": _DESCRIPTION,
        },
        "servers": _SERVERS,
        "defaultContentType": headers.CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": {name: operation for topic in topics for name, operation in _operations(topic)},
        "components": {
            "messages": {
                message_id(event_type, version): _message(event_type, version)
                for topic in topics
                for event_type, version in _messages(topic)
            },
            "schemas": {"headers": header_schema()} | _payloads(),
            "securitySchemes": {
                "scram": {"type": "scramSha512", "description": "As the Kafka of the deployment says."}
            },
        },
    }


def header_schema() -> Document:
    return {"type": "object", "required": list(headers.ALWAYS), "properties": _HEADERS}


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
    ours = {
        "ce_type": {"const": event_type},
        "ce_dataschema": {"const": dataschema_of(event_type, version)},
    }
    return {
        "name": event_type,
        "title": event_type,
        "description": f"The payload's JSON Schema by itself: {schema_path(event_type, version)}",
        "headers": {"allOf": [{"$ref": f"{_COMPONENT}headers"}, {"type": "object", **of_an_org, "properties": ours}]},
        "payload": {"$ref": f"{_COMPONENT}{message_id(event_type, version)}"},
        "bindings": {"kafka": {"key": _UUID, **_BINDING}},
    }


def _payloads() -> Document:
    """The schemas of all events, and what they share, each once. They keep to words of JSON Schema draft 7."""
    components: Document = {}
    for event_type, versions in event_types().items():
        for version in versions:
            schema = _as_component(schema_of(event_type, version))
            parts = schema.pop("$defs", {}) | {message_id(event_type, version): schema}
            for name, part in parts.items():
                if components.setdefault(name, part) != part:
                    raise ValueError(f"{name} means two different schemas")
    return components


def _as_component(schema: Document) -> Document:
    """Without an address of its own, and with references to what is beside it."""
    kept = {key: value for key, value in schema.items() if key not in {"$id", "$schema"}}
    moved: Document = _moved(kept)
    return moved


def _moved(part: Any) -> Any:
    """A part of a schema whose references lead to components."""
    if isinstance(part, list):
        return [_moved(each) for each in part]
    if isinstance(part, dict):
        return {key: _reference(value) if key == "$ref" else _moved(value) for key, value in part.items()}
    return part


def _reference(address: str) -> str:
    return _COMPONENT + address.removeprefix(_SHARED)
