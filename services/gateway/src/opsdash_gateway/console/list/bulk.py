"""One change for all selected rows; what became of each is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from opsdash_http.errors.problems import FieldError, Problem, validation

from opsdash_gateway.console.auth.session import FORM
from opsdash_gateway.console.list.service import is_left
from opsdash_gateway.console.shell.error_messages import error_message
from opsdash_gateway.console.shell.htmx import events
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import TicketPage, TicketRow, Views

AT_ONCE: Final = 100
MAXIMUM: Final = 500
_NOBODY: Final = "none"
_FIELDS: Final = {"status": "status", "priority": "priority", "assignee": "assignee_id"}


class ItemError(msgspec.Struct):
    type: str
    detail: str


class Item(msgspec.Struct):
    """What became of one ticket."""

    id: UUID
    status: int
    error: ItemError | None = None
    version: int | None = None


class Result(msgspec.Struct):
    items: list[Item]


@post("/support/bulk", opt=FORM, status_code=200)
async def change_selected(page: NamedDependency[Page]) -> Response[bytes]:
    """Change up to 500 rows; those that could not be changed stay selected."""
    form = await page.request.form()
    ids, patch = _ids(str(form.get("ids", ""))), _patch(form)
    items = await change_parts(page, ids, patch)
    failed = [item for item in items if item.error]
    changed = await read_rows(page, [item.id for item in items if not item.error])
    page.views = await page.read("/views", Views)
    done = {
        "kind": "error" if failed else "success",
        "text": _told(page, len(items) - len(failed), failed),
        "failed": [str(item.id) for item in failed],
        "left": [str(ticket.id) for ticket in changed if is_left(page, ticket)],
        "changed": [{"id": str(item.id), "version": item.version} for item in items if not item.error],
        "after": _typed(form),
    }
    headers = events(bulk_done=done)
    return page.render("list/changed_rows.html", 200, headers, tickets=changed)


def _ids(text: str) -> list[UUID]:
    """Raises a 400 problem."""
    try:
        ids = [UUID(part) for part in text.split(",") if part]
    except ValueError:
        ids = []
    if not 0 < len(ids) <= MAXIMUM:
        raise validation([FieldError("/ids", "not-allowed", "must name the selected tickets")])
    return ids


def _typed(form: Mapping[str, Any]) -> dict[str, str]:
    """The one property that a button stands for, as a ticket's own forms write it; empty for none."""
    given = {name: str(form.get(name, "")) for name in _FIELDS}
    return {
        name: value.removeprefix(_NOBODY) if name == "assignee" else value for name, value in given.items() if value
    }


def _patch(form: Mapping[str, Any]) -> dict[str, str | None]:
    """Raises a 400 problem."""
    for name, value in _typed(form).items():
        return {_FIELDS[name]: value or None}
    raise validation([FieldError("/", "required", "must name a field")])


async def change_parts(page: Page, ids: list[UUID], patch: dict[str, str | None]) -> list[Item]:
    """Raises the problem of the first part, which is one of them all; that of a later one is told for its items."""
    items = await _change(page, ids[:AT_ONCE], patch)
    for start in range(AT_ONCE, len(ids), AT_ONCE):
        items += await _change_or_say_why(page, ids[start : start + AT_ONCE], patch)
    return items


async def _change(page: Page, ids: list[UUID], patch: dict[str, str | None]) -> list[Item]:
    answer = await page.send("POST", "/tickets/bulk", {"ids": ids, "patch": patch})
    return msgspec.json.decode(answer.body, type=Result).items


async def _change_or_say_why(page: Page, ids: list[UUID], patch: dict[str, str | None]) -> list[Item]:
    """Others have been changed already, so what cannot be is told, not raised."""
    try:
        return await _change(page, ids, patch)
    except Problem as problem:
        return [Item(ticket_id, problem.status, ItemError(problem.code, problem.detail)) for ticket_id in ids]


async def read_rows(page: Page, ids: list[UUID]) -> list[TicketRow]:
    """As they are now; one that is gone meanwhile is left out."""
    parts = [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]
    queries = [f"id={','.join(map(str, part))}&limit={AT_ONCE}".encode() for part in parts]
    return [row for query in queries for row in (await page.read("/tickets", TicketPage, query=query)).items]


def _told(page: Page, changed: int, failed: list[Item]) -> str:
    """How many, and why not the others: the first reason stands for all."""
    translations = page.language.translations
    done = translations.ngettext("%(num)s ticket changed.", "%(num)s tickets changed.", changed) % {"num": changed}
    if not failed or failed[0].error is None:
        return done
    count = len(failed)
    not_done = translations.ngettext("%(num)s was not: %(why)s", "%(num)s were not: %(why)s", count)
    error = failed[0].error
    why = error_message(Problem(error.type.rpartition("/")[2], "", failed[0].status, error.detail), page.language)
    return f"{done} {not_done % {'num': count, 'why': why}}"


BULK_ROUTES: list[ControllerRouterHandler] = [change_selected]
