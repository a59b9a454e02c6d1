"""The rules of reminders. Pure functions; no clock, no database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from opsdash_notifications.errors import FieldProblem, InvalidFields

#: Of one person in one org that are still to come.
MOST_OPEN: Final = 100
LONGEST_NOTE: Final = 200
FURTHEST: Final = timedelta(days=366)


def check_moment(at: datetime, now: datetime) -> None:
    """Raises InvalidFields for what is not in the future, or more than a year ahead."""
    if at <= now:
        raise InvalidFields([FieldProblem("/at", "in-the-past", "must lie in the future")])
    if at > now + FURTHEST:
        raise InvalidFields([FieldProblem("/at", "too-far", "must lie within a year")])


def note_of(text: str | None) -> str | None:
    """One line without blanks around it; nothing is no note. Raises InvalidFields for one that is too long."""
    line = " ".join((text or "").split())
    if len(line) > LONGEST_NOTE:
        raise InvalidFields([FieldProblem("/note", "too-long", f"may have {LONGEST_NOTE} characters at most")])
    return line or None
