"""One good message of each kind, and ways to spoil it."""

import json
from dataclasses import dataclass, replace
from typing import Any, Self

import pytest
from opsdash_contracts.envelope import InvalidMessage, decode

from .files import EXAMPLES


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
        decode(message.headers, message.key, message.value)
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
