"""The ticket as a drawer or as a page, and the parts of it that are fetched later."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import PAGE
from opsdash_gateway.console.list.service import list_context
from opsdash_gateway.console.shell.htmx import events, is_fragment
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.notices import told_by_entry
from opsdash_gateway.console.ticket.responses import CHANGED
from opsdash_gateway.console.ticket.schemas import ActivityPage, Choices, Ticket
from opsdash_gateway.console.ticket.service import mark_seen, read_ticket, read_whole
from opsdash_gateway.sla.service import with_entries
from opsdash_gateway.upstream.people_client import PeopleClient
from opsdash_gateway.upstream.sla_monitor_client import MonitorClient

NOT_FOUND = 404
PICKERS = {"contact": "contacts", "project": "projects", "mention": "members"}


@get("/support/{number:int}", opt=PAGE)
async def ticket_page(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """For scripts the drawer's content, for everybody else a page that reads well without any."""
    if not is_fragment(page.request):
        whole, around, _ = await asyncio.gather(read_whole(page, number), list_context(page), mark_seen(page, number))
        return page.render("ticket/page.html", **(whole.context() | around))
    try:
        whole, _ = await asyncio.gather(read_whole(page, number), mark_seen(page, number))
    except Problem as problem:
        if problem.status != NOT_FOUND:
            raise
        return page.render("ticket/gone.html", NOT_FOUND, number=number)
    told = {} if page.unread is None else events(unread={"unread": page.unread})
    return page.render("ticket/drawer.html", 200, told, **whole.context())


@get("/support/{number:int}/properties", opt=PAGE)
async def ticket_properties(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Everything a change refreshes, without one."""
    ticket, members = await read_ticket(page, number)
    return page.render(CHANGED, ticket=ticket, members=members, overtaken="")


@get("/support/{number:int}/activity", opt=PAGE)
async def ticket_activity(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Who changed what, oldest first, 50 at a time."""
    cursor = page.request.query_params.get("cursor")
    query = urlencode({"cursor": cursor}).encode() if cursor else b""
    activity = await page.read(f"/tickets/{number}/activity", ActivityPage, query=query)
    return page.render("ticket/activity.html", number=number, activity=activity)


@get("/support/{number:int}/sla", opt=PAGE)
async def ticket_sla(
    number: FromPath[int],
    page: NamedDependency[Page],
    monitor: NamedDependency[MonitorClient],
    people: NamedDependency[PeopleClient],
) -> HttpResponse:
    """Why is this due then, and who was told?"""
    answer = await page.send("GET", f"/tickets/{number}/sla")
    ledger = await with_entries(answer, monitor, people, page.channel_names)
    return page.render("ticket/ledger.html", ledger=ledger, told=told_by_entry(ledger))


@get("/support/{number:int}/edit", opt=PAGE)
async def edit_form(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """The form for title and description, as they are now."""
    ticket = await page.read(f"/tickets/{number}", Ticket)
    return page.render("ticket/edit.html", ticket=ticket, typed=ticket.typed, errors={})


@get("/support/{number:int}/delete", opt=PAGE)
async def delete_form(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """The question before a ticket is deleted."""
    ticket = await page.read(f"/tickets/{number}", Ticket)
    return page.render("ticket/delete.html", ticket=ticket)


@get("/support/{number:int}/choose/{kind:str}", opt=PAGE)
async def choices(number: FromPath[int], kind: FromPath[str], page: NamedDependency[Page]) -> HttpResponse:
    """What can be linked or who can be mentioned, by part of the name."""
    if kind not in PICKERS:
        return page.render("ticket/choices.html", NOT_FOUND, kind="contact", number=number, found=[])
    words = page.request.query_params.get("q", "").strip()[:200]
    query = urlencode({"limit": 8, **({"q": words} if words else {})}).encode()
    found = await page.read(f"/{PICKERS[kind]}", Choices, query=query)
    return page.render("ticket/choices.html", kind=kind, number=number, found=found.items)
