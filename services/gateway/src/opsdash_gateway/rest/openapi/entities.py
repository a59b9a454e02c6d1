"""Describes the bodies of the workspace feed with the schemas of the contracts, so that they are written once."""

from __future__ import annotations

from opsdash_http.openapi.answers import describe
from opsdash_http.openapi.schemas import Schema

from opsdash_gateway.workspace.entities import MODELS, id_field

PREFIX = "Workspace"  # upstreams have a Contact or Company of their own
PUT_PATH = "/api/workspace/{kind}/{entity_id}"
BATCH_PATH = "/api/workspace/batch"


def describe_entities(document: Schema) -> None:
    """Put the entity schemas in, and name them where a body is an entity."""
    schemas = document["components"]["schemas"]
    references = []
    for kind, model in MODELS.items():
        schema = model.model_json_schema(ref_template=f"#/components/schemas/{PREFIX}{{model}}")
        schemas |= {f"{PREFIX}{name}": part for name, part in schema.pop("$defs", {}).items()}
        schema["required"] = [name for name in schema["required"] if name != id_field(kind)]
        schemas[f"{PREFIX}{model.__name__}"] = schema
        references.append({"$ref": f"#/components/schemas/{PREFIX}{model.__name__}"})
    paths = document["paths"]
    paths[PUT_PATH]["put"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"anyOf": references}}},
    }
    paths[BATCH_PATH]["post"]["requestBody"] = {
        "required": True,
        "description": 'A line: {"op":"put"|"delete","kind":"...","id":"...","body":{...}}',
        "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
    }
    describe(paths[BATCH_PATH]["post"])  # a body has refusals of its own
