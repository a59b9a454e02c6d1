"""JSON Schema of what producers send, one per event type and version; open: consumers ignore the unknown."""

import re
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from opsdash_contracts.base import JsonSchema
from opsdash_contracts.registry import event_types, model_for


class _WithoutFieldTitles(GenerateJsonSchema):
    """A title that only repeats the field's name is noise in a committed file."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base class's signature
        return False


def schema_path(event_type: str, version: int) -> str:
    """Where the gateway serves the schema: its `$id`, relative to whichever gateway that is."""
    return f"/schema/events/{event_type}/v{version}.json"


def schema_of(event_type: str, version: int) -> JsonSchema:
    model = model_for(event_type, version)
    schema = model.model_json_schema(mode="serialization", schema_generator=_WithoutFieldTitles)
    model.narrow(event_type, schema["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": schema_path(event_type, version),
        **schema,
        "title": _title(event_type, version),
    }


def _title(event_type: str, version: int) -> str:
    """What generators of code call it: one name for each event type and version."""
    words = "".join(word.title() for word in re.split(r"[._]", event_type))
    return words if version == 1 else f"{words}V{version}"


def schema_file(event_type: str, version: int) -> str:
    return f"{event_type}.v{version}.schema.json"


def all_schemas() -> dict[str, JsonSchema]:
    """Every schema by file name."""
    return {
        schema_file(event_type, version): schema_of(event_type, version)
        for event_type, versions in event_types().items()
        for version in versions
    }
