"""The list page, its next rows, one row, and the sidebar's counts."""

from __future__ import annotations

import asyncio

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from opsdash_http.errors.problems import Problem

from opsdash_gateway.console.auth.session import PAGE
from opsdash_gateway.console.list.service import (
    STALE_CURSOR,
    count_listed,
    is_listed,
    list_context,
    query_of,
    read_list,
)
from opsdash_gateway.console.shell.error_messages import error_message
from opsdash_gateway.console.shell.html_response import html_response
from opsdash_gateway.console.shell.htmx import events, is_fragment
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import TicketRow, Views

_MAXIMUM_SHOWN = 100_000


@get("/support", opt=PAGE)
async def support(page: NamedDependency[Page]) -> Response[bytes]:
    """The list; a fragment of it when a filter, a sort or a view changed."""
    context = await list_context(page)
    return page.render("list/board.html" if is_fragment(page.request) else "list/page.html", **context)


@get("/support/rows", opt=PAGE)
async def rows(page: NamedDependency[Page]) -> Response[bytes]:
    """What comes after a cursor, and the new foot of the list."""
    query, parameters = query_of(page), page.request.query_params
    before = parameters.get("shown", "0")
    shown = min(int(before), _MAXIMUM_SHOWN) if before.isascii() and before.isdigit() else 0
    try:
        found = await read_list(page, query, cursor=parameters.get("cursor"), before=shown)
    except Problem as problem:
        if problem.code != STALE_CURSOR:
            raise
        told = {"kind": "error", "text": error_message(problem, page.language)}
        return html_response(page.request, "", 409, events(toast=told, list_stale={}))
    return page.render("list/rows.html", query=query, list=found)


@get("/support/{number:int}/row", opt=PAGE)
async def row(page: NamedDependency[Page]) -> Response[bytes]:
    """One row, to be put in the place of its older self; it says so when the list of the address has it no more."""
    number = page.request.path_params["number"]
    ticket, listed = await asyncio.gather(page.read(f"/tickets/{number}", TicketRow), is_listed(page, number))
    return page.render("list/row.html", ticket=ticket, elsewhere=not listed)


@get("/support/fresh", opt=PAGE)
async def fresh(page: NamedDependency[Page]) -> Response[bytes]:
    """How many of the new tickets named in `ids` the list of the address would show."""
    return page.render("list/fresh.html", count=await count_listed(page, page.request.query_params.get("ids", "")))


@get("/support/counts", opt=PAGE)
async def counts(page: NamedDependency[Page]) -> Response[bytes]:
    """The sidebar's numbers as they are now."""
    page.views = await page.read("/views", Views)
    return page.render("list/counts_now.html")


LIST_ROUTES: list[ControllerRouterHandler] = [support, rows, row, fresh, counts]
