"""`python -m tests.contracts.release`: store today's contracts as the released ones, unless they break those.

contracts/released/ has the OpenAPI document, the topics, the JSON Schema of every event and the golden messages.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from opsdash_contracts import generate
from opsdash_contracts.envelope import InvalidMessage, UnknownEventType, decode
from opsdash_contracts.topics import Topic
from opsdash_gateway.rest.openapi import Document
from opsdash_http.openapi import METHODS
from opsdash_http.openapi.schemas import references

from tests.contracts.files import CONTRACTS, Example, examples, read_json
from tests.support.services import published_document

#: Of a topic: what order and replays rest on. Its key is in the golden messages.
_FIXED = ("partitions", "cleanup_policy")


def breaking_event_changes(contracts: Path) -> list[str]:
    """One sentence for each; empty when consumers of the released events can read today's, and today's read those."""
    return [
        *generate.breaks(contracts),
        *_changed_topics(contracts),
        *_changed_examples(contracts),
        *_unreadable_examples(contracts),
    ]


def _changed_topics(contracts: Path) -> Iterator[str]:
    """A consumer finds an event on the same topic, in the same order, and kept in the same way."""
    today = {topic.name: topic for topic in _topics(contracts)}
    for old in _topics(contracts / "released"):
        new = today.get(old.name)
        if new is None:
            yield f"topics/{old.name} was removed"
            continue
        for event, versions in old.events.items():
            if not set(versions) <= set(new.events.get(event, ())):
                yield f"topics/{old.name} no longer has every version of {event}"
        for setting in _FIXED:
            if getattr(new, setting) != getattr(old, setting):
                yield f"topics/{old.name} has another {setting}"


def _topics(contracts: Path) -> list[Topic]:
    paths = sorted((contracts / "topics").glob("*.yaml"))
    return [Topic.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))) for path in paths]


def _changed_examples(contracts: Path) -> list[str]:
    """A golden message stays as it was released; what is new about an event is shown by another one."""
    released, today = contracts / "released" / "examples", contracts / "examples"
    found = []
    for path in sorted(released.glob("*/v*/*.json")):
        name = path.relative_to(released)
        if not (today / name).exists():
            found.append(f"examples/{name} was removed")
        elif read_json(path) != read_json(today / name):
            found.append(f"examples/{name} was changed")
    return found


def _unreadable_examples(contracts: Path) -> list[str]:
    return [
        f"examples/{example.path} is no longer read: {reason}"
        for example in examples(contracts / "released")
        if (reason := _why_unreadable(example))
    ]


def _why_unreadable(example: Example) -> str:
    try:
        decode(example.headers, example.key, example.value)
    except (InvalidMessage, UnknownEventType) as error:
        return f"{type(error).__name__} {error}"
    return ""


Part = dict[str, Any]
RELEASED = CONTRACTS / "released" / "openapi.json"
_UPPER = ("maxLength", "maximum", "maxItems")
_LOWER = ("minLength", "minimum", "minItems")


def breaking_rest_changes(old: Part, new: Part) -> list[str]:
    """One sentence for each; empty when every client of the old document works with the new one."""
    return [*_operations(old, new), *_components(old, new)]


def _operations(old: Part, new: Part) -> Iterator[str]:
    for path, item in old["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            where, now = f"{method.upper()} {path}", new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{where} is gone"
                continue
            if now["operationId"] != item[method]["operationId"]:
                yield f"{where} has another operationId"
            if now.get("security", new["security"]) != item[method].get("security", old["security"]):
                yield f"{where} asks for other credentials"
            yield from _parameters(item[method], now, where)
            yield from _body(item[method].get("requestBody"), now.get("requestBody"), where)
            yield from _answers(item[method]["responses"], now["responses"], where)


def _parameters(old: Part, new: Part, where: str) -> Iterator[str]:
    before, after = ({(one["in"], one["name"]): one for one in part.get("parameters", ())} for part in (old, new))
    for key, parameter in after.items():
        if parameter.get("required") and not before.get(key, {}).get("required"):
            yield f"{where}: parameter {key[1]} is required"
    # Generated clients may pass them by position.
    if [key for key in before if key in after] != list(after)[: len(before.keys() & after.keys())]:
        yield f"{where}: parameters are in another order, or a new one is not the last"
    for key, parameter in before.items():
        if key not in after:
            yield f"{where}: parameter {key[1]} is gone"
            continue
        yield from _schema(parameter["schema"], after[key]["schema"], f"{where}: parameter {key[1]}", sent=True)
        if parameter["schema"].get("default") != after[key]["schema"].get("default"):
            yield f"{where}: parameter {key[1]} has another default"


def _body(old: Part | None, new: Part | None, where: str) -> Iterator[str]:
    if new and new.get("required") and not (old and old.get("required")):
        yield f"{where}: a body is required"
    if old:
        yield from _content(old, new or {}, f"{where}: body", sent=True)


def _answers(old: Part, new: Part, where: str) -> Iterator[str]:
    for status, answer in old.items():
        if status.startswith("2"):
            now = new.get(status)
            if now is None:
                yield f"{where}: {status} is gone"
                continue
            yield from _content(answer, now, f"{where}: {status}", sent=False)
            for name in answer.get("headers", {}).keys() - now.get("headers", {}).keys():
                yield f"{where}: {status}: header {name} is gone"


def _content(old: Part, new: Part, where: str, *, sent: bool) -> Iterator[str]:
    for media_type, content in old.get("content", {}).items():
        if media_type not in new.get("content", {}):
            yield f"{where}: {media_type} is gone"
            continue
        yield from _schema(content["schema"], new["content"][media_type]["schema"], where, sent=sent)


def _components(old: Part, new: Part) -> Iterator[str]:
    """Each schema by its name, which generated code has too."""
    sent = _sent(old)
    for name, schema in old["components"]["schemas"].items():
        now = new["components"]["schemas"].get(name)
        if now is None:
            yield f"schema {name} is gone"
            continue
        yield from _schema(schema, now, name, sent=name in sent)


def _sent(document: Part) -> set[str]:
    found: set[str] = set()
    bodies = [item.get(method, {}).get("requestBody") for item in document["paths"].values() for method in METHODS]
    new = set(references(bodies))
    while new:
        found |= new
        new = {name for one in new for name in references(document["components"]["schemas"][one])} - found
    return found


def _schema(old: Part, new: Part, where: str, *, sent: bool) -> Iterator[str]:
    if sorted(references(_own(old))) != sorted(references(_own(new))):
        yield f"{where} is of another schema"
    before, after = _types(old), _types(new)
    if changed := (before - after if sent else after - before):
        yield f"{where} {'is no longer' if sent else 'may now be'} {', '.join(sorted(changed))}"
    if old.get("format") != new.get("format"):
        yield f"{where} has another format"
    lost = set(old.get("enum", ())) - set(new.get("enum", old.get("enum", ())))
    if lost or (sent and "enum" in new and "enum" not in old):
        yield f"{where} no longer takes every value: {', '.join(sorted(lost)) or 'only some'}"
    if sent:
        yield from _bounds(old, new, where)
    yield from _members(old, new, where, sent=sent)
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        yield from _schema(old["items"], new["items"], f"{where}[]", sent=sent)


def _own(schema: Part) -> Part:
    """What it refers to itself, not by its members."""
    return {name: schema[name] for name in ("$ref", "oneOf", "anyOf") if name in schema}


def _types(schema: Part) -> set[str]:
    named = schema.get("type", [])
    types = {named} if isinstance(named, str) else set(named)
    return types.union(*(_types(choice) for union in ("oneOf", "anyOf") for choice in schema.get(union, ())))


def _bounds(old: Part, new: Part, where: str) -> Iterator[str]:
    for name in _UPPER:
        if name in new and new[name] < old.get(name, float("inf")):
            yield f"{where}: {name} is lower"
    for name in _LOWER:
        if name in new and new[name] > old.get(name, 0 if name != "minimum" else float("-inf")):
            yield f"{where}: {name} is higher"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where}: pattern is another"


def _members(old: Part, new: Part, where: str, *, sent: bool) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{where}.{name} is gone"
    for name in before.keys() & after.keys():
        yield from _schema(before[name], after[name], f"{where}.{name}", sent=sent)
    required = set(old.get("required", ())), set(new.get("required", ()))
    for name in sorted(required[1] - required[0] if sent else required[0] - required[1]):
        yield f"{where}.{name} is {'now' if sent else 'no longer'} required"


def released() -> Part:
    document: Part = json.loads(RELEASED.read_bytes())
    return document


def obstacles(contracts: Path, document: Document) -> list[str]:
    """Why today's contracts cannot be released: what they would break, and generated files that are out of date."""
    released = contracts / "released" / "openapi.json"
    rest = breaking_rest_changes(json.loads(released.read_bytes()), document) if released.exists() else []
    return [*rest, *breaking_event_changes(contracts), *generate.drift(contracts)]


def store(contracts: Path, document: Document) -> None:
    released = contracts / "released"
    for folder in ("schemas", "topics", "examples"):
        shutil.copytree(contracts / folder, released / folder, dirs_exist_ok=True)
    text = json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (released / "openapi.json").write_text(text, encoding="utf-8")


def main(contracts: Path = CONTRACTS) -> int:
    document = published_document()
    found = obstacles(contracts, document)
    if found:
        sys.stderr.write("\n".join(["this cannot be released:", *found, ""]))
        return 1
    store(contracts, document)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
