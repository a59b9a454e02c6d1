"""Watching and muting a ticket, and who was told of it."""

from __future__ import annotations

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_http.errors.problems import FieldError, validation
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.shell.htmx import is_fragment
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.forms import read_form
from opsdash_gateway.console.ticket.notices import read_notices, read_watch
from opsdash_gateway.console.ticket.responses import back_to

NEITHER = ""
STATES = ("watching", "muted", NEITHER)


@get("/support/{number:int}/watch", opt=PAGE)
async def watch_part(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Whether this person watches the ticket, and who else does."""
    return page.render("ticket/watch.html", number=number, watch=await read_watch(page, number))


@post("/support/{number:int}/watch", opt=FORM, status_code=200)
async def change_watch(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Watch the ticket, mute it, or neither."""
    state = (await read_form(page.request)).get("state", NEITHER)
    if state not in STATES:
        raise validation([FieldError("/state", "not-allowed", "must be watching, muted or empty")])
    path = f"/tickets/{number}/watch"
    if state == NEITHER:
        await page.send("DELETE", path, service="notifications")
    else:
        await page.send("PUT", path, {"state": state}, service="notifications")
    if not is_fragment(page.request):
        return back_to(page, number)
    return page.render("ticket/watch.html", number=number, watch=await read_watch(page, number))


@get("/support/{number:int}/notices", opt=PAGE)
async def notices(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Who was told what of the ticket, by which channel and when, or why not."""
    return page.render("ticket/notices.html", number=number, notices=await read_notices(page, number))
