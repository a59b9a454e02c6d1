"""What of today's event contracts would break a consumer of the released ones, or a replay of what was sent then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from opsdash_contracts import generate
from opsdash_contracts.envelope import InvalidMessage, UnknownEventType, decode
from opsdash_contracts.topics import Topic

from tests.contracts.files import Example, examples, read_json

#: Of a topic: what order and replays rest on. Its key is in the golden messages.
_FIXED = ("partitions", "cleanup_policy")


def breaking_changes(contracts: Path) -> list[str]:
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
