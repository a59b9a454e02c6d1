"""Counters of an org, and the shares of its cap that are told: pure functions over plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOTICE_PERCENTS: Final = (80, 100)


@dataclass(frozen=True, slots=True)
class Counters:
    """What is counted per org: the last number given, the living tickets, the usage notices sent."""

    last_number: int
    living_tickets: int
    usage_notices: int


def crossed_notices(before: int, after: int, *, old_cap: int, new_cap: int) -> list[int]:
    """The percentages of the cap that usage has just reached; without a cap there is nothing to reach."""
    if new_cap == 0:
        return []
    return [
        percent
        for percent in NOTICE_PERCENTS
        if after * 100 >= percent * new_cap and (old_cap == 0 or before * 100 < percent * old_cap)
    ]
