"""Tickets as CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from opsdash_chassis.database import Record

from opsdash_tickets.schemas import TicketRow
from opsdash_tickets.views import ticket_row

COLUMNS: Final = (
    "number", "title", "status", "priority", "category", "assignee", "contact", "company", "project",
    "sla_due_at", "sla_source", "sla_state", "first_response_at", "resolved_at", "closed_at", "reopen_count",
    "comment_count", "created_by", "created_at", "updated_at", "version", "id",
)  # fmt: skip
_FORMULA_STARTS: Final = ("=", "+", "-", "@")


def encode(rows: Sequence[Record], now: datetime, *, header: bool) -> bytes:
    """The rows as CSV lines (RFC 4180, UTF-8), after the header if asked for."""
    text = io.StringIO()
    writer = csv.writer(text)
    if header:
        writer.writerow(COLUMNS)
    writer.writerows(_cells(ticket_row(row, now)) for row in rows)
    return text.getvalue().encode()


def as_text(value: str) -> str:
    """A cell that a spreadsheet would run, or that hides control characters, becomes plain text by a quote in front.

    Source: OWASP, CSV Injection.
    """
    risky = value.startswith(_FORMULA_STARTS) or any(ord(char) < ord(" ") for char in value)
    return f"'{value}" if risky else value


def _cells(ticket: TicketRow) -> list[str]:
    company = ticket.contact.company if ticket.contact else None
    named = {"company": company.name if company else ""}
    return [as_text(named.get(name, "") or _text(getattr(ticket, name, None))) for name in COLUMNS]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(getattr(value, "name", value)) if not isinstance(value, str) else str(value)
