"""Which of some languages a browser prefers, by its Accept-Language header (RFC 9110, 12.5.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: A language range with its weight. What does not look like one is passed over.
_RANGE = re.compile(r"\s*([a-z]{1,8}(?:-[a-z0-9]{1,8})*|\*)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.ASCII)
_ANY = "*"
_MOST_RANGES = 50


def preferred_language(header: str, offered: Sequence[str]) -> str | None:
    """The offered language of the highest weight, the first named of equals; None when none is acceptable.

    `es-MX` asks for `es` too; `*` stands for those that are not named; a weight of 0 refuses.
    """
    ranges = _ranges(header)
    weights = {language: _weight(language, ranges) for language in offered}
    best = max(weights.values(), default=0.0)
    if best == 0:
        return None
    equals = [language for language in offered if weights[language] == best]
    return min(equals, key=lambda language: _turn(language, ranges))


def _ranges(header: str) -> list[tuple[str, float]]:
    """Ranges in small letters with their weights, as they are ordered in the header."""
    found = (_RANGE.fullmatch(entry) for entry in header.lower().split(",")[:_MOST_RANGES])
    return [(match[1], float(match[2] or 1)) for match in found if match]


def _weight(language: str, ranges: Sequence[tuple[str, float]]) -> float:
    exact = [weight for name, weight in ranges if name == language]
    if exact:
        return max(exact)
    wider = [weight for name, weight in ranges if _names(name, language)]
    return max(wider or [weight for name, weight in ranges if name == _ANY], default=0.0)


def _turn(language: str, ranges: Sequence[tuple[str, float]]) -> int:
    return next((turn for turn, (name, _) in enumerate(ranges) if _names(name, language)), len(ranges))


def _names(name: str, language: str) -> bool:
    return name.partition("-")[0] == language
