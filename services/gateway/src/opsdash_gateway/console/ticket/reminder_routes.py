"""The part of a ticket with a person's own reminders of it: shown, set and removed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.i18n.languages import N_
from opsdash_gateway.console.shell.error_messages import error_message, field_messages
from opsdash_gateway.console.shell.htmx import is_fragment, toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.forms import conditions, read_form
from opsdash_gateway.console.ticket.reminders import Reminder, moment_for, read_reminders
from opsdash_gateway.console.ticket.responses import back_to

#: Refusals that belong into the form, beside those of single fields.
_IN_FORM: Final = frozenset({"too-many-reminders"})
_TOO_FAR: Final = N_("Choose a moment within the next year.")
_PART: Final = "ticket/reminders.html"


@get("/support/{number:int}/reminders", opt=PAGE)
async def reminders_part(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Those of this person that are still to come."""
    return await _part(page, number)


@post("/support/{number:int}/reminders", opt=FORM, status_code=200)
async def set_reminder(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """At a moment of the form, in the reader's zone; once, however often the form is sent."""
    form = await read_form(page.request)
    try:
        at = moment_for(form.get("when", ""), form.get("at", ""), page.zone, datetime.now(UTC))
    except ValueError:
        return await _refused(page, number, form, {"at": page.language.text("This is not a date and time.")})
    body = {"at": at.isoformat(), "note": form.get("note") or None}
    key = {name: value for name, value in conditions(page.request, form).items() if name == "idempotency-key"}
    try:
        answer = await page.send("POST", f"/tickets/{number}/reminders", body, key, service="notifications")
    except Problem as problem:
        if not problem.errors and problem.code not in _IN_FORM:
            raise
        return await _refused(page, number, form, _errors(page, problem))
    made = msgspec.json.decode(answer.body, type=Reminder)
    told = toast(
        "success",
        page.language.text("You will be reminded: {moment0}"),
        detail={"moments": {"moment0": made.at.isoformat()}},
    )
    return await _part(page, number, told)


@post("/support/{number:int}/reminders/{reminder_id:uuid}/remove", opt=FORM, status_code=200)
async def remove_reminder(
    number: FromPath[int], reminder_id: FromPath[UUID], page: NamedDependency[Page]
) -> HttpResponse:
    """One that is gone by then, because it was told or removed elsewhere, is gone."""
    form = await read_form(page.request)
    match = {name: value for name, value in conditions(page.request, form).items() if name == "if-match"}
    try:
        await page.send("DELETE", f"/reminders/{reminder_id}", None, match, service="notifications")
    except Problem as problem:
        if problem.status == HTTPStatus.PRECONDITION_FAILED:
            return await _part(page, number, toast("error", error_message(problem, page.language)), problem.status)
        if problem.status != HTTPStatus.NOT_FOUND:
            raise
    return await _part(page, number, toast("success", page.language.text("Reminder removed")))


async def _part(page: Page, number: int, headers: dict[str, str] | None = None, status: int = 200) -> HttpResponse:
    """The part as it is now; a browser without scripts gets the ticket again after a change."""
    if headers is not None and not is_fragment(page.request):
        return back_to(page, number)
    return page.render(_PART, status, headers, number=number, reminders=await read_reminders(page, number))


async def _refused(page: Page, number: int, form: Mapping[str, str], errors: dict[str, str]) -> HttpResponse:
    """What was typed stays, with its messages; a page of its own for a browser without scripts."""
    whole = is_fragment(page.request)
    return page.render(
        _PART if whole else "ticket/reminder_page.html",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        nav="support",
        number=number,
        reminders=await read_reminders(page, number),
        remind_form=form,
        remind_errors=errors,
    )


def _errors(page: Page, problem: Problem) -> dict[str, str]:
    if not problem.errors:
        return {"form": error_message(problem, page.language)}
    found = field_messages(problem, page.language)
    if any(error.pointer == "/at" and error.code == "too-far" for error in problem.errors):
        found["at"] = page.language.text(_TOO_FAR)
    return found
