"""The rule for a released schema version: optional fields may be added, anything else is a new version.

Strict both ways: old consumers read new messages, and a replay hands old messages to new consumers.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]

_ANNOTATIONS = frozenset({"$defs", "$id", "$schema", "default", "description", "examples", "title"})
_IN_ANY_ORDER = frozenset({"enum", "required"})
#: Words that hold a schema of a part of the instance, or a list of schemas of itself: the rule goes on in them.
_NESTED = frozenset({"additionalProperties", "allOf", "anyOf", "items", "oneOf"})


def broken_promises(released: Mapping[str, Schema], today: Mapping[str, Schema]) -> list[str]:
    """What today's schemas break of the released ones, by name; a name that was not released breaks nothing."""
    removed = [f"{name} was removed" for name in released if name not in today]
    return removed + [
        f"{name}: {change}"
        for name, schema in released.items()
        if name in today
        for change in breaking_changes(schema, today[name])
    ]


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
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        referred = _plain(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
        return {**referred, **_plain(beside, definitions)}
    return {key: _plain_word(key, value, definitions) for key, value in schema.items() if key not in _ANNOTATIONS}


def _plain_word(key: str, value: Any, definitions: Schema) -> Any:
    if key == "properties":
        return {name: _plain(field, definitions) for name, field in value.items()}
    return sorted(value, key=str) if key in _IN_ANY_ORDER else _plain(value, definitions)


def _compare(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for position, pair in enumerate(zip(old, new, strict=True)):
            yield from _compare(f"{path}/{position}", *pair)
        return
    if isinstance(old, dict) and isinstance(new, dict):
        if "properties" in old and "properties" in new:
            yield from _compare_fields(path, old, new)
            old, new = _without_fields(old), _without_fields(new)
        if _differing(old, new) <= _NESTED & old.keys() & new.keys():
            for word in sorted(_differing(old, new)):
                yield from _compare(f"{path}/{word}", old[word], new[word])
            return
    if old != new:
        yield f"{path or '/'} changed from {old} to {new}"


def _compare_fields(path: str, old: Schema, new: Schema) -> Iterator[str]:
    before, after = set(old.get("required", ())), set(new.get("required", ()))
    yield from (f"{path}/{name} is newly required" for name in sorted(after - before))
    yield from (f"{path}/{name} is no longer always sent" for name in sorted(before - after))
    for name, field in old["properties"].items():
        if name in new["properties"]:
            yield from _compare(f"{path}/{name}", field, new["properties"][name])
        else:
            yield f"{path}/{name} was removed"


def _without_fields(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key not in {"properties", "required"}}


def _differing(old: Schema, new: Schema) -> set[str]:
    missing = object()
    return {key for key in old.keys() | new.keys() if old.get(key, missing) != new.get(key, missing)}
