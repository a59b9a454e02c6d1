"""Two people change one ticket at once: different fields are both kept, the same field is a conflict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from opsdash_http.errors.problems import Problem

from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.forms import PROPERTIES, Form, conditions, patch_of
from opsdash_gateway.console.ticket.responses import STALE
from opsdash_gateway.console.ticket.schemas import Ticket
from opsdash_gateway.upstream.answers import Answer

#: In front of a property's name: the value that the reader saw when they changed it.
SEEN: Final = "seen."
_TRIES: Final = 3


class SameField(Exception):
    """Somebody else has changed what this form changes; `ticket` is what it is now."""

    def __init__(self, problem: Problem, ticket: Ticket, name: str) -> None:
        super().__init__(name)
        self.problem = problem
        self.ticket = ticket
        self.name = name


async def save(page: Page, number: int | UUID, form: Form) -> Answer:
    """Change what the reader changed, also after somebody else's change of something else.

    Raises SameField, and the upstream's problems. A form that does not tell what was seen is refused when it is stale.
    """
    path, changed = f"/tickets/{number}", _changed(form)
    if not changed:
        return await page.send("GET", path)
    sent, patch = conditions(page.request, form), patch_of(changed)
    is_told = all(f"{SEEN}{name}" in form for name in changed)
    for attempt in range(_TRIES):
        try:
            return await page.send("PATCH", path, patch, sent)
        except Problem as problem:
            if problem.code != STALE or not is_told or attempt == _TRIES - 1:
                raise
            ticket = await page.read(path, Ticket)
            if name := next(_overtaken(ticket, changed, form), None):
                raise SameField(problem, ticket, name) from problem
            sent["if-match"] = f'"{ticket.version}"'
    raise AssertionError("the last try returns or raises")


def _changed(form: Form) -> dict[str, str]:
    """The properties whose value is not the one that was seen."""
    given = {name: _lines(form[name]) for name in PROPERTIES if name in form}
    return {name: value for name, value in given.items() if _lines(form.get(f"{SEEN}{name}", "\0")) != value}


def _overtaken(ticket: Ticket, changed: Form, form: Form) -> Iterator[str]:
    """The changed properties that are neither what the reader saw any more nor what the reader wants."""
    return (
        name
        for name, wanted in changed.items()
        if not any(_is_same(value_of(ticket, name), value) for value in (_lines(form[f"{SEEN}{name}"]), wanted))
    )


def value_of(ticket: Ticket, name: str) -> str:
    """As forms write it; empty for nothing."""
    value = getattr(ticket, name)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(getattr(value, "id", value)) if value is not None else ""


def _is_same(now: str, seen: str) -> bool:
    if now == seen:
        return True
    try:
        return datetime.fromisoformat(now) == datetime.fromisoformat(seen)
    except ValueError:
        return False


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")
