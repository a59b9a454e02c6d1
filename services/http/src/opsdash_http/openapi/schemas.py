"""Writes the schemas of a document so that code generators make one type for each thing.

What clients send is closed, because unknown members are refused; what they get is open, because it may grow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_REFERENCE = "#/components/schemas/"
_UNIONS = ("oneOf", "anyOf")
_NULL = {"type": "null"}
_LARGEST = 2**63 - 1


def tidy(document: Schema) -> Schema:
    """Do it in place; doing it again changes nothing."""
    named = document["components"]["schemas"]
    for path, item in document["paths"].items():
        for operation in item.values():
            parameters = operation.get("parameters", [])
            parameters.sort(key=lambda parameter: _place(parameter, path))
            for parameter in parameters:
                parameter["schema"] = _without_null(parameter["schema"])
    for schema in _schemas_in(document):
        _simplify(schema)
    sent = _reachable(document, [operation.get("requestBody", {}) for operation in _operations(document)])
    for name, schema in named.items():
        _name(schema, name)
        if "properties" in schema:
            schema.pop("additionalProperties", None)
            schema.update({"additionalProperties": False} if name in sent else {})
    return document


def _name(schema: Schema, name: str) -> None:
    """One name each, and no defaults: a client sends what it was told to, and would send them with every patch."""
    schema["title"] = name
    schema.pop("default", None)
    if not schema.get("required", True):
        del schema["required"]
    for part in schema.get("properties", {}).values():
        part.pop("title", None)
        part.pop("default", None)


def references(part: Any) -> Iterator[str]:
    """The names of the schemas that something refers to."""
    for found in _dictionaries(part):
        reference = found.get("$ref")
        if isinstance(reference, str) and reference.startswith(_REFERENCE):
            yield reference.removeprefix(_REFERENCE)


def _operations(document: Schema) -> Iterator[Schema]:
    for path in document["paths"].values():
        yield from path.values()


def _reachable(document: Schema, parts: Any) -> set[str]:
    found: set[str] = set()
    new = set(references(parts))
    while new:
        found |= new
        new = {name for one in new for name in references(document["components"]["schemas"][one])} - found
    return found


def _dictionaries(part: Any) -> Iterator[Schema]:
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _dictionaries(one)


def _schemas_in(document: Schema) -> Iterator[Schema]:
    """Every object that says a type or a choice. Examples have none of these as members with such values."""
    for found in _dictionaries([document["paths"], document["components"]]):
        if "type" in found or any(isinstance(found.get(union), list) for union in _UNIONS):
            yield found


def _place(parameter: Schema, path: str) -> int:
    """Those of the path as they stand there: many clients take them by position. The rest follows in its own order."""
    return path.find("{" + parameter["name"] + "}") if parameter["in"] == "path" else len(path)


def _without_null(schema: Schema) -> Schema:
    """A parameter is absent rather than null."""
    for union in _UNIONS:
        if union in schema:
            schema = {**schema, union: [choice for choice in schema[union] if choice != _NULL]}
    return schema


def _simplify(schema: Schema) -> None:
    """One choice is none; a type or null is a list of types; integers are 64 bits wide; bounds are whole numbers."""
    for union in _UNIONS:
        choices = schema.get(union, [])
        plain = [choice for choice in choices if choice != _NULL]
        if len(plain) == 1 and (len(choices) == 1 or isinstance(plain[0].get("type"), str)):
            del schema[union]
            outer = dict(schema)
            schema |= plain[0] | outer
            if len(choices) > 1:
                schema["type"] = [plain[0]["type"], "null"]
    if "integer" in (schema.get("type"), *schema.get("type", ())):
        schema["format"] = "int64"
        for bound in [name for name in ("minimum", "maximum") if name in schema]:
            schema[bound] = int(schema[bound])
            if schema[bound] >= _LARGEST:
                del schema[bound]  # the format says it, and readers round so large a number up
