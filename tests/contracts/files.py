"""The committed contract files, and a valid message of each event type with ways to spoil it."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

import msgspec
import pytest
from opsdash_contracts.envelope import InvalidMessage, decode

CONTRACTS = Path(__file__).parents[2] / "contracts"


class Example(NamedTuple):
    """One golden message as it would travel."""

    path: str
    event_type: str
    version: int
    headers: list[tuple[str, bytes]]
    key: bytes
    body: dict[str, Any]

    @property
    def value(self) -> bytes:
        return json.dumps(self.body, ensure_ascii=False).encode()


def read_json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def schema(event_type: str, version: int) -> dict[str, Any]:
    return read_json(CONTRACTS / "schemas" / f"{event_type}.v{version}.schema.json")


def examples(contracts: Path) -> list[Example]:
    """The golden messages below `contracts`, or below its released copy."""
    folder = contracts / "examples"
    return [_example(path, folder) for path in sorted(folder.glob("*/v*/*.json"))]


def _example(path: Path, folder: Path) -> Example:
    document = read_json(path)
    return Example(
        path=path.relative_to(folder).as_posix(),
        event_type=path.parents[1].name,
        version=int(path.parent.name.removeprefix("v")),
        headers=[(name, value.encode()) for name, value in document["headers"].items()],
        key=document["key"].encode(),
        body=document["value"],
    )


EXAMPLES = examples(CONTRACTS)
CONSUMERS = [read_json(path) for path in sorted(CONTRACTS.glob("consumers/*/*.json"))]
EVENT_TYPES = [
    (path.name.split(".v")[0], int(path.name.split(".v")[1].split(".")[0]))
    for path in sorted(CONTRACTS.glob("schemas/*.schema.json"))
]


@dataclass(frozen=True)
class Message:
    """A Kafka record before anybody looked at it."""

    headers: tuple[tuple[str, bytes | None], ...]
    key: bytes | None
    value: bytes | None

    def header(self, name: str, value: bytes | None) -> Self:
        kept = tuple(pair for pair in self.headers if pair[0] != name)
        return replace(self, headers=(*kept, (name, value)))

    def without_header(self, name: str) -> Self:
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0] != name))

    def body(self, **fields: Any) -> Self:
        return replace(self, value=json.dumps({**json.loads(self.value or b"{}"), **fields}).encode())

    def without_field(self, name: str) -> Self:
        body = json.loads(self.value or b"{}")
        del body[name]
        return replace(self, value=json.dumps(body).encode())


def code_of(message: Message) -> str:
    with pytest.raises(InvalidMessage) as refused:
        # A broken producer sends headers without a value.
        decode(message.headers, message.key, message.value)  # type: ignore[arg-type]
    return refused.value.code


def good(path: str) -> Message:
    example = next(example for example in EXAMPLES if example.path == path)
    return Message(headers=tuple(example.headers), key=example.key, value=example.value)


TICKET = good("support_ticket.created/v1/with-automatic-due-time.json")
UPDATE = good("support_ticket.updated/v1/assignee-cleared-by-the-system.json")
COMMENT = good("ticket_comment.created/v1/first-with-a-mention.json")
PURGE = good("support_ticket.purged/v1/without-any-text.json")
MEMBER = good("workspace.member.upserted/v1/an-admin.json")
ORG = good("workspace.org.upserted/v1/on-the-growth-plate.json")
SIGNED_OUT = good("session.ended/v1/signed-out.json")
ORG_GONE = good("workspace.org.removed/v1/gone.json")


def assert_as_stored(stored: Path, body: object) -> None:
    """The JSON of the body is the file, byte by byte; `GOLDEN=write` in the environment stores it anew."""
    encoded = msgspec.json.encode(body)
    if os.environ.get("GOLDEN") == "write":
        stored.write_bytes(encoded)
    assert encoded == stored.read_bytes()
