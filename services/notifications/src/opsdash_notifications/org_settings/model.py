"""The settings of an org, and their defaults. Pure; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_ESCALATE_HOURS: Final = 24
MOST_ESCALATE_HOURS: Final = 720


@dataclass(frozen=True, slots=True)
class OrgSettings:
    """`version` counts the changes, from 0: nothing was ever changed."""

    escalate_after_hours: int = DEFAULT_ESCALATE_HOURS
    version: int = 0
