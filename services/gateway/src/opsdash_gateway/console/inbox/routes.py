"""The inbox's page, its next rows, and what becomes of a row."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from opsdash_http.errors.problems import FieldError, Problem, validation
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.inbox.schemas import ReadRows
from opsdash_gateway.console.inbox.service import STALE_CURSOR, UNREAD, count_fresh, read_from, read_inbox, state_of
from opsdash_gateway.console.shell.error_messages import error_message
from opsdash_gateway.console.shell.html_response import html_response
from opsdash_gateway.console.shell.htmx import events, is_fragment, toast
from opsdash_gateway.console.shell.page import Page

_MAXIMUM_SHOWN = 100_000


@get("/inbox", opt=PAGE)
async def inbox(page: NamedDependency[Page]) -> Response[bytes]:
    """The page, or its rows anew. While the service is away the page says so in its frame."""
    parameters = page.request.query_params
    state = state_of(parameters.get("state"))
    if is_fragment(page.request):
        return page.render("inbox/board.html", inbox=await read_inbox(page, state), state=state)
    try:
        found = await read_from(page, state, parameters.get("cursor"))
    except Problem as problem:
        if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return page.render("inbox/page.html", problem.status, nav="inbox", inbox=None, state=state)
    page.unread = found.unread
    return page.render("inbox/page.html", nav="inbox", inbox=found, state=state)


@get("/inbox/rows", opt=PAGE)
async def rows(page: NamedDependency[Page]) -> Response[bytes]:
    """What comes after a cursor, and the new foot of the list."""
    parameters = page.request.query_params
    before = parameters.get("shown", "0")
    shown = min(int(before), _MAXIMUM_SHOWN) if before.isascii() and before.isdigit() else 0
    try:
        found = await read_inbox(page, state_of(parameters.get("state")), cursor=parameters.get("cursor"), before=shown)
    except Problem as problem:
        if problem.code != STALE_CURSOR:
            raise
        told = {"kind": "error", "text": error_message(problem, page.language)}
        return html_response(page.request, "", HTTPStatus.CONFLICT, events(toast=told, inbox_stale={}))
    return page.render("inbox/rows.html", inbox=found)


@get("/inbox/fresh", opt=PAGE)
async def fresh(page: NamedDependency[Page]) -> Response[bytes]:
    """How many rows have come since the newest one on the page."""
    parameters = page.request.query_params
    count = await count_fresh(page, state_of(parameters.get("state")), parameters.get("after", ""))
    return page.render("inbox/fresh.html", count=count)


@post("/inbox/read-all", opt=FORM, status_code=200)
async def read_all(page: NamedDependency[Page]) -> HttpResponse:
    """Mark as read what was unread when the newest row on the page came."""
    form = await page.request.form()
    body = {"up_to": str(form.get("up_to", ""))}
    answer = await page.send("POST", "/inbox/read-all", body, service="notifications")
    page.inbox_changed()
    state = state_of(str(form.get("filter", "")))
    if not is_fragment(page.request):
        return _back_to(page, state)
    done = msgspec.json.decode(answer.body, type=ReadRows)
    text = page.language.translations.ngettext("%(num)s marked as read", "%(num)s marked as read", done.marked)
    told = toast("success", text % {"num": done.marked}, unread={"unread": done.unread})
    return page.render("inbox/board.html", 200, told, inbox=await read_inbox(page, state), state=state)


@post("/inbox/{row_id:uuid}", opt=FORM, status_code=200)
async def change_row(row_id: FromPath[UUID], page: NamedDependency[Page]) -> HttpResponse:
    """Another state of one row. One that has something newer has another id: then the page shows the newer one."""
    form = await page.request.form()
    wanted = str(form.get("state", ""))
    if wanted not in {UNREAD, "read", "archived"}:
        raise validation([FieldError("/state", "not-allowed", "must be unread, read or archived")])
    try:
        await page.send("PATCH", f"/inbox/{row_id}", {"state": wanted}, service="notifications")
    except Problem as problem:
        if problem.status != HTTPStatus.NOT_FOUND or not is_fragment(page.request):
            raise
        text = page.language.text("There is something newer about this ticket. Here it is.")
        return html_response(page.request, "", HTTPStatus.CONFLICT, toast("error", text, inbox_stale={}))
    page.inbox_changed()
    if not is_fragment(page.request):
        return _back_to(page, state_of(str(form.get("filter", ""))))
    told = events(inbox_row={"id": str(row_id), "state": wanted}, **await page.unread_now())
    return Response(None, headers=told)


def _back_to(page: Page, state: str) -> Redirect:
    """For a browser without scripts."""
    query = "" if state == UNREAD else "?" + urlencode({"state": state})
    return Redirect(f"{page.base}/inbox{query}", status_code=303)


INBOX_ROUTES: list[ControllerRouterHandler] = [inbox, rows, fresh, read_all, change_row]
