"""Tickets as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from opsdash_chassis.text.blank import INVISIBLE

from opsdash_tickets.names.model import Names
from opsdash_tickets.tickets.presenters import ticket_row
from opsdash_tickets.tickets.rows import TicketColumns
from opsdash_tickets.tickets.schemas import TicketRow

COLUMNS: Final = (
    "number", "title", "status", "priority", "category", "assignee", "contact", "company", "project",
    "sla_due_at", "sla_source", "sla_state", "first_response_at", "resolved_at", "closed_at", "reopen_count",
    "comment_count", "created_by", "created_at", "updated_at", "version", "id",
)  # fmt: skip
_BYTE_ORDER_MARK: Final = "\ufeff"  # Excel takes UTF-8 without it for the code page of the system
# What a spreadsheet may end a cell at, whichever separator it was told or has guessed.
_ENDS: Final = r",;\t\n\v\f\r\x85\u2028\u2029"
# What a formula starts with, and other forms of these signs that a spreadsheet may take for them: full width, small,
# raised, lowered, and the mathematical minus.
_SIGNS: Final = (
    r"=\uff1d\ufe66\u207c\u208c" r"+\uff0b\ufe62\u207a\u208a\ufb29" r"\-\uff0d\ufe63\u207b\u208b\u2212" r"@\uff20\ufe6b"
)
_FORMULA: Final = re.compile(f'(^|[{_ENDS}])(?=[{INVISIBLE}"]*[{_SIGNS}])')
_CONTROL: Final = re.compile(r"[\x00-\x1f]")


def encode(rows: Sequence[TicketColumns], names: Names, now: datetime, *, header: bool) -> bytes:
    """The rows as CSV lines (RFC 4180, UTF-8), after a byte order mark and the header if asked for.

    Texts are always in quotation marks, numbers never.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)
    if header:
        text.write(_BYTE_ORDER_MARK)
        writer.writerow(COLUMNS)
    writer.writerows(_cells(ticket_row(row, names, now)) for row in rows)
    return text.getvalue().encode()


def as_text(value: str) -> str:
    """A text of which no part is run: an apostrophe stands in front of what a spreadsheet could take for a formula.

    That is at the start and after whatever it may split the text at; also where quotation marks or something invisible
    come before the sign. A text with control characters gets one as well. Source: OWASP, CSV Injection.
    """
    inert = _FORMULA.sub(r"\1'", value)
    return f"'{inert}" if _CONTROL.search(inert) and not inert.startswith("'") else inert


def _cells(ticket: TicketRow) -> list[str | int]:
    company = ticket.contact.company if ticket.contact else None
    values = (company if name == "company" else getattr(ticket, name) for name in COLUMNS)
    return [value if isinstance(value, int) else as_text(_text(value)) for value in values]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value if isinstance(value, str) else getattr(value, "name", value))
