"""Reads the forms of a ticket: what was typed, and the conditions under which it may be saved."""

from __future__ import annotations

import re
from collections.abc import Mapping

from opsdash_http.types import HttpRequest

#: What a form may set, and the field of the API it stands for; an empty reference clears it.
PROPERTIES: Mapping[str, str] = {
    "status": "status",
    "priority": "priority",
    "category": "category",
    "assignee": "assignee_id",
    "contact": "contact_id",
    "project": "project_id",
    "sla_due_at": "sla_due_at",
    "title": "title",
    "description": "description",
}
_VERSION = re.compile("[0-9]{1,18}")
_CLEARED_BY_NOTHING = frozenset({"assignee_id", "contact_id", "project_id", "sla_due_at"})

Form = Mapping[str, str]


async def read_form(request: HttpRequest) -> dict[str, str]:
    """Text fields only; of a repeated one the last."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def read_people(request: HttpRequest, name: str = "mention") -> list[str]:
    """Every value of a repeated field."""
    return [value for key, value in (await request.form()).multi_items() if key == name and isinstance(value, str)]


def patch_of(form: Form) -> dict[str, str | None]:
    """The merge patch a form asks for; lines end as they do in Markdown."""
    patch: dict[str, str | None] = {}
    for name, field in PROPERTIES.items():
        if name in form:
            value = form[name].replace("\r\n", "\n")
            patch[field] = None if not value and field in _CLEARED_BY_NOTHING else value
    return patch


def version_in(conditions: Mapping[str, str]) -> int:
    """The version that If-Match names; 0 for none, or for more than one."""
    tag = conditions.get("if-match", "").strip('"')
    return int(tag) if _VERSION.fullmatch(tag) else 0


def conditions(request: HttpRequest, form: Form) -> dict[str, str]:
    """If-Match and Idempotency-Key: scripts send headers, a form without scripts has a hidden `version`."""
    sent = {name: request.headers[name] for name in ("if-match", "idempotency-key") if name in request.headers}
    if "if-match" not in sent and form.get("version", "").isdigit():
        sent["if-match"] = f'"{form["version"]}"'
    return sent
