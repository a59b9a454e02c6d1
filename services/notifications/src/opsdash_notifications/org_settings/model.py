"""The settings of an org, and their defaults. Pure; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from opsdash_notifications.languages import DEFAULT_LANGUAGE

DEFAULT_ESCALATE_HOURS: Final = 24
MOST_ESCALATE_HOURS: Final = 720


@dataclass(frozen=True, slots=True)
class OrgSettings:
    """`include_text`: mails have the text of tickets and comments. `language` is of mails to those who chose none.

    `version` counts the changes, from 0: nothing was ever changed.
    """

    escalate_after_hours: int = DEFAULT_ESCALATE_HOURS
    include_text: bool = False
    language: str = DEFAULT_LANGUAGE
    version: int = 0
