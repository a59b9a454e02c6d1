"""Changes of a ticket: every one is the upstream's, sent with the version the reader has seen."""

from __future__ import annotations

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM
from opsdash_gateway.console.shell.error_messages import field_messages
from opsdash_gateway.console.shell.htmx import events, is_fragment, toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.ticket.conflicts import both_values, saved
from opsdash_gateway.console.ticket.forms import conditions, read_form
from opsdash_gateway.console.ticket.merging import SameField, save
from opsdash_gateway.console.ticket.responses import back_to, changed, outdated
from opsdash_gateway.console.ticket.schemas import Recomputed, Ticket
from opsdash_gateway.console.ticket.service import read_members, read_ticket, ticket_of

INVALID = 422


@post("/support/{number:int}", opt=FORM, status_code=200)
async def change_properties(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """One property or several; the answer holds every part of the page that shows them."""
    form = await read_form(page.request)
    try:
        answer = await save(page, number, form)
    except SameField as conflict:
        return await both_values(page, conflict, form)
    except Problem as problem:
        if problem.code == "validation" and "sla_due_at" in form:
            errors = field_messages(problem, page.language)
            return page.render("ticket/sla_error.html", INVALID, message=next(iter(errors.values()), ""))
        return await outdated(page, number, problem)
    ticket = ticket_of(answer)
    members = await read_members(page)
    told = events(ticket_changed={"id": str(ticket.id), "number": number, **saved(page, ticket, members, form)})
    return changed(page, ticket, members, told)


@post("/support/{number:int}/edit", opt=FORM, status_code=200)
async def change_text(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Title and description; when somebody was faster, what was typed stays in the form."""
    form = await read_form(page.request)
    try:
        answer = await save(page, number, form)
    except SameField as conflict:
        return await both_values(page, conflict, form)
    except Problem as problem:
        if problem.code != "validation":
            return await outdated(page, number, problem)
        ticket = await page.read(f"/tickets/{number}", Ticket)
        errors = field_messages(problem, page.language)
        return page.render("ticket/edit.html", INVALID, ticket=ticket, typed=ticket.typed | form, errors=errors)
    ticket = ticket_of(answer)
    details = {"id": str(ticket.id), "number": number}
    edited = details | {"version": ticket.version}
    saved = toast("success", page.language.text("Saved"), ticket_changed=details, ticket_edited=edited)
    return changed(page, ticket, await read_members(page), saved)


@post("/support/{number:int}/delete", opt=FORM, status_code=200)
async def delete_ticket(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """The page closes the drawer, takes the row away and offers to undo."""
    form = await read_form(page.request)
    try:
        await page.delete_ticket(number, headers=conditions(page.request, form))
    except Problem as problem:
        return await outdated(page, number, problem)
    if not is_fragment(page.request):
        return Redirect(f"{page.base}/support", status_code=303)
    text = page.language.text("Ticket #%(number)s deleted", number=number)
    deleted = {"number": number, "text": text, "url": f"{page.base}/support/{number}/restore"}
    return Response(None, headers=events(ticket_deleted=deleted))


@post("/support/{number:int}/restore", opt=FORM, status_code=200)
async def restore_ticket(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """Undo of a deletion, within 30 days and while the plate has room."""
    form = await read_form(page.request)
    answer = await page.send("POST", f"/tickets/{number}/restore", headers=conditions(page.request, form))
    ticket = ticket_of(answer)
    if not is_fragment(page.request):
        return back_to(page, number)
    text = page.language.text("Ticket #%(number)s is back", number=number)
    told = {"id": str(ticket.id), "number": number}
    return Response(None, headers=toast("success", text, ticket_restored=told, ticket_changed=told))


@post("/support/{number:int}/recompute", opt=FORM, status_code=200)
async def recompute(number: FromPath[int], page: NamedDependency[Page]) -> HttpResponse:
    """The due time the present priority gives: first shown (`dry_run`), then set."""
    form = await read_form(page.request)
    dry_run = form.get("dry_run") == "true"
    query = b"dry_run=true" if dry_run else b""
    try:
        answer = await page.send(
            "POST", f"/tickets/{number}/sla/recompute", headers=conditions(page.request, form), query=query
        )
    except Problem as problem:
        return await outdated(page, number, problem)
    if dry_run:
        result = msgspec.json.decode(answer.body, type=Recomputed)
        return page.render("ticket/recompute.html", number=number, result=result)
    ticket, members = await read_ticket(page, number)
    details = {"id": str(ticket.id), "number": number}
    return changed(page, ticket, members, toast("success", page.language.text("Due time set"), ticket_changed=details))
