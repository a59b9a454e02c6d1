"""The form of a new ticket: what was typed, as the upstream's request body; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import uuid_utils.compat as uuid_utils
from opsdash_contracts.ticket_rules import DEFAULT_CATEGORY, DEFAULT_PRIORITY, DEFAULT_STATUS

#: What the form sends; anything else in it is ignored.
FIELDS: Final = (
    "title",
    "description",
    "status",
    "priority",
    "category",
    "assignee_id",
    "contact",
    "contact_id",
    "due",
    "offset",
    "another",
)
DEFAULTS: Final = {"status": DEFAULT_STATUS, "priority": DEFAULT_PRIORITY, "category": DEFAULT_CATEGORY}
_MAXIMUM_OFFSET_MINUTES = 24 * 60


class BadDue(ValueError):
    """The due time is not a date and time."""


def empty_form() -> dict[str, str]:
    """A new form with a key of its own: sending it twice makes one ticket."""
    return {name: DEFAULTS.get(name, "") for name in FIELDS} | {"key": str(uuid_utils.uuid7())}


def read_form(sent: Mapping[str, Any]) -> dict[str, str]:
    given = {name: str(sent.get(name, "")) for name in (*FIELDS, "key")}
    return given | {"key": given["key"] or str(uuid_utils.uuid7())}


def body_of(form: Mapping[str, str]) -> dict[str, Any]:
    """The upstream's body; what is left empty is not sent, so the upstream's defaults hold. Raises BadDue."""
    body: dict[str, Any] = {"title": form["title"]}
    names = ("description", "status", "priority", "category", "assignee_id", "contact_id")
    body |= {name: form[name] for name in names if form[name]}
    if form["due"]:
        body["sla_due_at"] = due_moment(form["due"], form["offset"]).isoformat()
    return body


def due_moment(local: str, offset: str) -> datetime:
    """A browser's local time with its distance to UTC in minutes; without scripts there is none, and it is UTC."""
    try:
        minutes = int(offset or 0)
        moment = datetime.fromisoformat(local)
        if moment.tzinfo is not None or abs(minutes) > _MAXIMUM_OFFSET_MINUTES:
            raise BadDue
        return moment.replace(tzinfo=UTC) + timedelta(minutes=minutes)
    except (ValueError, OverflowError):
        raise BadDue from None
