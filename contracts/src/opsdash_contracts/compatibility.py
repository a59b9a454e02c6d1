"""The rule for a committed schema version: optional fields may be added, anything else is a new version.

Strict both ways: old consumers read new messages, and a replay hands old messages to new consumers.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = frozenset({"$defs", "$id", "$schema", "default", "description", "examples", "title"})


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Why `new` cannot replace `old` under the same version; empty when it can."""
    return list(_compare("", _plain(old, old.get("$defs", {})), _plain(new, new.get("$defs", {}))))


def _plain(schema: Any, definitions: Schema) -> Any:
    """References resolved, annotations gone: what a validator would look at."""
    if isinstance(schema, list):
        return [_plain(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    kept = {key: value for key, value in schema.items() if key not in _ANNOTATIONS}
    return {
        key: {name: _plain(field, definitions) for name, field in value.items()}
        if key == "properties"
        else _plain(value, definitions)
        for key, value in kept.items()
    }


def _compare(path: str, old: Any, new: Any) -> Iterator[str]:
    if not (isinstance(old, dict) and isinstance(new, dict) and "properties" in old and "properties" in new):
        if old != new:
            yield f"{path or '/'} changed from {old} to {new}"
        return
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{path}/{name} is newly required" for name in sorted(after - before))
    yield from (f"{path}/{name} is no longer always sent" for name in sorted(before - after))
    for name, field in old["properties"].items():
        if name in new["properties"]:
            yield from _compare(f"{path}/{name}", field, new["properties"][name])
        else:
            yield f"{path}/{name} was removed"
    yield from _compare(f"{path}/", _without_fields(old), _without_fields(new))


def _without_fields(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key not in {"properties", "required"}}
