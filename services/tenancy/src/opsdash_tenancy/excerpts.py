"""The beginning of what a person wrote, as one service of ours tells it another, for one reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST_CHARACTERS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """`is_whole` is false where there is more of it."""

    text: str
    is_whole: bool


def excerpt(text: str) -> Excerpt:
    return Excerpt(text=text[:MOST_CHARACTERS], is_whole=len(text) <= MOST_CHARACTERS)
