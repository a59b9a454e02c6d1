"""What came of handing a message to a chat, and as much of the other side's words as may be shown."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final
from urllib.parse import unquote

from opsdash_notifications.mail.headers import one_line

LONGEST_WORDS: Final = 200
#: Parts of an address that are this long may be secrets: an answer that repeats one does not show it.
SHORTEST_SECRET: Final = 5
HIDDEN: Final = "…"
_SEPARATORS: Final = re.compile(r"[/:@?&=#,]+")
_SUCCESS: Final = range(200, 300)
_CLIENT_ERRORS: Final = range(300, 500)
_LATER: Final = frozenset({408, 425, 429})


class Failure(StrEnum):
    """`refused`: the same message will be refused again. `unreachable`: it may be taken later."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class ChatFailed(Exception):
    """The chat has not taken the message. `words` may be shown to who set the channel up."""

    def __init__(self, failure: Failure, words: str, status: int | None = None) -> None:
        super().__init__(failure)
        self.failure = failure
        self.words = words
        self.status = status


def failed(status: int, body: bytes, address: str) -> ChatFailed:
    """By the last answer; 200 too may be a refusal in some chats. What such an answer says is not shown: it may hold a
    token with which a plugin has signed in.
    """
    is_refused = (status in _SUCCESS or status in _CLIENT_ERRORS) and status not in _LATER
    words = "" if status in _SUCCESS else _without_secrets(body.decode("utf-8", "replace"), address)
    return ChatFailed(
        Failure.REFUSED if is_refused else Failure.UNREACHABLE,
        one_line(f"HTTP {status} {words}", LONGEST_WORDS),
        status,
    )


def secrets_of(address: str) -> list[str]:
    """What must not be shown of an address, longest first."""
    parts = {part for text in (address, unquote(address)) for part in _SEPARATORS.split(text)}
    return sorted((part for part in parts if len(part) >= SHORTEST_SECRET), key=len, reverse=True)


def _without_secrets(text: str, address: str) -> str:
    for secret in secrets_of(address):
        text = text.replace(secret, HIDDEN)
    return text
