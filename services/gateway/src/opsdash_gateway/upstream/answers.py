"""What an upstream service said, and how much it may say on which route: more is no answer of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

KIB: Final = 1024
MOST_BYTES: Final = 256 * KIB
#: By the last part of the path that is named here: lists of a hundred, long texts with their HTML, fifty comments.
_MOST_BYTES_OF: Final[Mapping[str, int]] = {
    "me": 1024 * KIB,
    "tickets": 1024 * KIB,
    "restore": 1024 * KIB,
    "members": 512 * KIB,
    "contacts": 512 * KIB,
    "activity": 1024 * KIB,
    "comments": 2048 * KIB,
    "revisions": 2048 * KIB,
}


@dataclass(frozen=True)
class Answer:
    """What an upstream said, to be forwarded as it is."""

    status: int
    headers: dict[str, str]
    body: bytes


def most_bytes(path: str) -> int:
    """How long the answer of this path may be; the path has its values filled in."""
    return next((_MOST_BYTES_OF[part] for part in reversed(path.split("/")) if part in _MOST_BYTES_OF), MOST_BYTES)
