"""How a change of a ticket is answered: its parts that stand on the page, all in one response."""

from __future__ import annotations

from litestar.response import Redirect
from opsdash_http.errors.problems import Problem
from opsdash_http.types import HttpResponse

from opsdash_gateway.console.list.service import is_left
from opsdash_gateway.console.shell.error_messages import error_message
from opsdash_gateway.console.shell.htmx import is_fragment, toast
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import Member
from opsdash_gateway.console.ticket.schemas import Ticket
from opsdash_gateway.console.ticket.service import read_ticket

STALE = "stale-version"
#: Refusals that mean the page shows something old.
OUTDATED = frozenset({STALE, "invalid-transition", "ticket-finished"})
CHANGED = "ticket/changed.html"


def changed(
    page: Page,
    ticket: Ticket,
    members: list[Member] | None,
    headers: dict[str, str],
    status: int = 200,
    *,
    overtaken: str = "",
) -> HttpResponse:
    """Properties, text, row and quick action; a browser without scripts gets the page again.

    `overtaken` is the property that somebody else has changed in the meantime.
    """
    if not is_fragment(page.request):
        return back_to(page, ticket.number)
    told = {"elsewhere": is_left(page, ticket), "overtaken": overtaken}
    return page.render(CHANGED, status, headers, ticket=ticket, members=members, **told)


async def outdated(page: Page, number: int, problem: Problem) -> HttpResponse:
    """The page is refreshed, a toast names who was faster, and what was typed stays. Raises other problems."""
    if problem.code not in OUTDATED:
        raise problem
    ticket, members = await read_ticket(page, number)
    text = error_message(problem, page.language)
    if problem.code == STALE and ticket.updated_by is not None:
        text = page.language.text(
            "%(name)s changed this ticket in the meantime. Here is what it is now.", name=ticket.updated_by.name
        )
    return changed(page, ticket, members, toast("error", text), problem.status)


def back_to(page: Page, number: int) -> Redirect:
    """For a browser without scripts."""
    return Redirect(f"{page.base}/support/{number}", status_code=303)
