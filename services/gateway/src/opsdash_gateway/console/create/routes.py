"""Creating a ticket: the dialog, its errors, and the row that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler
from opsdash_chassis.text.folding import fold
from opsdash_http.errors.problems import Problem, forbidden
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.auth.session import FORM, PAGE
from opsdash_gateway.console.create.form import BadDue, body_of, empty_form, read_form
from opsdash_gateway.console.list.service import read_members
from opsdash_gateway.console.shell.error_messages import error_message, field_messages
from opsdash_gateway.console.shell.htmx import is_fragment, toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import Contact, Contacts, TicketRow, Views

FULL: Final = "plan-limit-reached"
_FIELD_OF_BODY: Final = {"sla_due_at": "due", "contact_id": "contact"}
#: Refusals that belong into the form, beside those of single fields.
_IN_FORM: Final = frozenset({FULL, "idempotency-key-reused"})


@get("/support/new", opt=PAGE)
async def new_ticket(page: NamedDependency[Page]) -> Response[bytes]:
    """The empty form, or why there is none."""
    _require_writer(page)
    return await _form(page, empty_form())


@post("/support", opt=FORM, status_code=201)
async def create_ticket(page: NamedDependency[Page]) -> HttpResponse:
    """Create it once, however often the form is sent."""
    form = read_form(await page.request.form())
    try:
        form["contact_id"] = await _contact_id(page, form)
        answer = await page.send("POST", "/tickets", body_of(form), {"idempotency-key": form["key"]})
    except BadDue:
        return await _form(page, form, {"due": page.language.text("This is not a date and time.")})
    except Problem as problem:
        if not problem.errors and problem.code not in _IN_FORM:
            raise
        return await _form(page, form, _errors(page, problem), problem)
    ticket = msgspec.json.decode(answer.body, type=TicketRow)
    if not is_fragment(page.request):
        return Redirect(f"{page.base}/support/{ticket.number}", status_code=303)
    return await _created(page, form, ticket)


@get("/support/contacts", opt=PAGE)
async def contact_options(page: NamedDependency[Page]) -> Response[bytes]:
    """Contacts whose name holds the words, as options of the form's field."""
    words = page.request.query_params.get("contact", "")[:200]
    return page.render("create/contact_options.html", contacts=await _contacts(page, words))


async def _form(
    page: Page, form: Mapping[str, str], errors: Mapping[str, str] | None = None, problem: Problem | None = None
) -> Response[bytes]:
    """As a dialog's content, or as a page where there are no scripts. A full plate shows its notice instead."""
    fragment = is_fragment(page.request)
    full = problem is None and page.support.used >= page.support.limit
    members = await read_members(page)
    told = error_message(problem, page.language) if problem and problem.code in _IN_FORM else ""
    return page.render(
        "create/form.html" if fragment else "create/page.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if errors is not None else HTTPStatus.OK,
        nav="support",
        form=form,
        errors=errors or {},
        members=members.items,
        contacts=[] if fragment else await _contacts(page, ""),
        full=full,
        told=told,
    )


async def _created(page: Page, form: Mapping[str, str], ticket: TicketRow) -> Response[bytes]:
    """The row, the numbers as they are now, and another form when one was asked for."""
    page.support.used += 1
    page.views = await page.read("/views", Views)
    another = bool(form["another"])
    text = page.language.text("Ticket #%(number)s created", number=ticket.number)
    link = (page.language.text("Open"), f"{page.base}/support/{ticket.number}")
    made = {"id": str(ticket.id), "number": ticket.number, "another": another}
    headers = toast("success", text, link=link, ticket_created=made)
    next_form = empty_form() | {name: form[name] for name in ("priority", "category", "another")}
    members = (await read_members(page)).items if another else []
    return page.render(
        "create/created.html",
        HTTPStatus.CREATED,
        headers,
        ticket=ticket,
        another=another,
        form=next_form,
        errors={},
        members=members,
        contacts=[],
        full=page.support.used >= page.support.limit,
        told="",
    )


async def _contacts(page: Page, words: str) -> list[Contact]:
    query = urlencode({"q": words} if words else {})
    return (await page.read("/contacts", Contacts, query=query.encode("ascii"))).items


async def _contact_id(page: Page, form: Mapping[str, str]) -> str:
    """The chosen contact; a name typed in full counts when exactly one contact has it."""
    typed = form["contact"].strip()
    if not typed or form["contact_id"]:
        return form["contact_id"] if typed else ""
    name = typed.partition(" · ")[0]
    found = [contact for contact in await _contacts(page, name[:200]) if fold(contact.name) == fold(name)]
    return str(found[0].id) if len(found) == 1 else "unknown"


def _errors(page: Page, problem: Problem) -> dict[str, str]:
    """By the names of our form, which are the upstream's but for two."""
    found = field_messages(problem, page.language)
    if any(error.pointer == "/title" and error.code == "blank" for error in problem.errors):
        found["title"] = page.language.text("Give the ticket a title.")
    return {_FIELD_OF_BODY.get(name, name): text for name, text in found.items()}


def _require_writer(page: Page) -> None:
    if not page.may("write"):
        raise forbidden("role-too-low", "")


CREATE_ROUTES: list[ControllerRouterHandler] = [new_ticket, create_ticket, contact_options]
