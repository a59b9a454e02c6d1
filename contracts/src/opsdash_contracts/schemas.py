"""JSON Schema of what producers send, one per event type and version; open: consumers ignore the unknown."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from opsdash_contracts.envelope import dataschema_of
from opsdash_contracts.registry import event_types, model_for


class _WithoutFieldTitles(GenerateJsonSchema):
    """A title that only repeats the field's name is noise in a committed file."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return False


def schema_of(event_type: str, version: int) -> dict[str, Any]:
    model = model_for(event_type, version)
    schema = model.model_json_schema(mode="serialization", schema_generator=_WithoutFieldTitles)
    model.narrow(event_type, schema["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": dataschema_of(event_type, version),
        **schema,
    }


def schema_file(event_type: str, version: int) -> str:
    return f"{event_type}.v{version}.schema.json"


def all_schemas() -> dict[str, dict[str, Any]]:
    """Every schema by file name."""
    return {
        schema_file(event_type, version): schema_of(event_type, version)
        for event_type, versions in event_types().items()
        for version in versions
    }
