"""What of today's event contracts would break a consumer of the released ones, or a replay of what was sent then."""

from __future__ import annotations

from pathlib import Path

from opsdash_contracts import generate
from opsdash_contracts.envelope import InvalidMessage, UnknownEventType, decode

from tests.contracts.files import Example, examples, read_json


def breaking_changes(contracts: Path) -> list[str]:
    """One sentence for each; empty when consumers of the released events can read today's, and today's read those."""
    return [*generate.breaks(contracts), *_changed_examples(contracts), *_unreadable_examples(contracts)]


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
