"""What the notifications service says of team channels."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Filter(msgspec.Struct):
    """An empty list is any."""

    priorities: list[str]
    categories: list[str]


class Disabled(msgspec.Struct):
    """`by_hand` or `failing`."""

    why: str
    at: datetime


class Failure(msgspec.Struct):
    """What the chat said when it last took no message."""

    at: datetime
    words: str


class Channel(msgspec.Struct):
    """`address` is what may be seen of it."""

    id: UUID
    name: str
    scheme: str
    address: str
    reasons: list[str]
    filter: Filter
    enabled: bool
    disabled: Disabled | None
    last_failure: Failure | None
    version: int


class Channels(msgspec.Struct):
    items: list[Channel]
    next_cursor: str | None
