"""Values of a request as the domain takes them: trimmed titles, aware due times."""

from __future__ import annotations

from datetime import datetime

from opsdash_chassis.text.blank import is_blank
from opsdash_chassis.text.moments import read_moment

from opsdash_tickets.errors import FieldProblem, InvalidFields

MAXIMUM_TITLE = 200
#: Before it is trimmed: what is pasted often comes with blanks.
MAXIMUM_TITLE_SENT = 1000
MAXIMUM_DESCRIPTION = 20_000


def title(text: str) -> str:
    """1 to 200 characters after trimming, at least one of them visible. Raises InvalidFields."""
    trimmed = text.strip()
    if is_blank(trimmed):
        raise InvalidFields([FieldProblem("/title", "blank", "must have a visible character")])
    if len(trimmed) > MAXIMUM_TITLE:
        raise InvalidFields([FieldProblem("/title", "too-long", f"may have {MAXIMUM_TITLE} characters at most")])
    return trimmed


def due_time(text: str | None) -> datetime | None:
    """An RFC 3339 time with zone; missing, null and empty all mean blank. Raises InvalidFields."""
    if not text:
        return None
    try:
        return read_moment(text)
    except ValueError:
        message = "must be an RFC 3339 date and time with a zone, for example 2030-01-31T12:00:00Z"
        raise InvalidFields([FieldProblem("/sla_due_at", "datetime", message)]) from None
