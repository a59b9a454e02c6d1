"""Reads one stretch of the list from its upstream, with what the page around it needs."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from opsdash_http.errors.problems import Problem

from opsdash_gateway.console.list.query import EVERYWHERE, VIEWS, ListQuery, read_list_query
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import Members, TicketPage, TicketRow

PAGE_SIZE: Final = 25
STALE_CURSOR: Final = "invalid-cursor"
_ALL_MEMBERS = b"limit=100"
#: New tickets asked about at once: the upstream's largest page.
_MOST_ASKED: Final = 100
_MOST_ELSEWHERE: Final = 10
#: The query of the list around whatever asks; scripts send it with every change.
SHOWN_LIST: Final = "opsdash-list"
_BREACHED: Final = "breached"


@dataclass(frozen=True)
class TicketList:
    """Rows, and how many there are before and after them; `elsewhere` are matches of the words outside the view."""

    query: ListQuery
    rows: TicketPage
    shown: int
    elsewhere: TicketPage = field(default_factory=lambda: TicketPage([], None))

    @property
    def never_any(self) -> bool:
        """Whether nothing narrows the list, so that its emptiness is about the workspace."""
        return not self.query.narrowed

    @property
    def has_commented(self) -> bool:
        """Whether comments have found any of the rows, which an export would not do."""
        return any("comments" in row.found_in for row in self.rows.items)


def query_of(page: Page) -> ListQuery:
    return replace(read_list_query(page.request.query_params.multi_items()), zone=page.zone)


async def read_list(page: Page, query: ListQuery, *, cursor: str | None = None, before: int = 0) -> TicketList:
    """Raises the upstream's problem; a cursor that is not good any more is `invalid-cursor`."""
    wanted = query.upstream_filter(page.session.user_id)
    if wanted is None:
        return TicketList(query, TicketPage([], None), 0)
    more = {"limit": str(PAGE_SIZE), "count": "true"} | ({"cursor": cursor} if cursor else {})
    rows = await page.read_tickets(urlencode(wanted | more).encode("ascii"))
    return TicketList(query, rows, before + len(rows.items))


async def is_listed(page: Page, number: int) -> bool:
    """Whether the list of the request's address has this ticket. Words are left to the next search."""
    query = query_of(page)
    wanted = query.upstream_filter(page.session.user_id)
    if wanted is None or query.words:
        return wanted is not None
    found = await page.read(
        "/tickets", TicketPage, query=urlencode(wanted | {"q": f"#{number}", "limit": "1"}).encode()
    )
    return bool(found.items)


async def count_listed(page: Page, ids: str) -> int:
    """How many of these tickets the list of the request's address has; ids that are none of ours are not counted."""
    asked, wanted = _ticket_ids(ids), query_of(page).upstream_filter(page.session.user_id)
    if not asked or wanted is None:
        return 0
    these = {"id": ",".join(map(str, asked)), "limit": str(len(asked))}
    return len((await page.read_tickets(urlencode(wanted | these).encode())).items)


def _ticket_ids(text: str) -> set[UUID]:
    found = set[UUID]()
    for part in text.split(",")[:_MOST_ASKED]:
        with suppress(ValueError):
            found.add(UUID(part))
    return found


async def read_members(page: Page) -> Members:
    return await page.read("/members", Members, query=_ALL_MEMBERS)


async def list_context(page: Page) -> dict[str, Any]:
    """All that `list/page.html` and its fragments show, for the address of the request; others extend that page."""
    query = query_of(page)
    tickets, members, everywhere = await asyncio.gather(
        _from_cursor(page, query), read_members(page), _everywhere(page, query)
    )
    tickets = replace(tickets, elsewhere=outside(query, page.session.user_id, tickets.rows, everywhere))
    return {"nav": "support", "view": query.view, "query": query, "list": tickets, "members": members.items}


async def _everywhere(page: Page, query: ListQuery) -> TicketPage:
    """What the words match in any view; words alone look beyond the view."""
    if not query.words or query.view == EVERYWHERE:
        return TicketPage([], None)
    return (await read_list(page, replace(query, view=EVERYWHERE))).rows


def outside(query: ListQuery, user_id: UUID, inside: TicketPage, everywhere: TicketPage) -> TicketPage:
    """The first matches that the view does not have, and how many there are."""
    rows = [row for row in everywhere.items if not holds(query, row, user_id)]
    return TicketPage(rows[:_MOST_ELSEWHERE], None, max(everywhere.total - inside.total, len(rows)))


def holds(query: ListQuery, row: TicketRow, user_id: UUID) -> bool:
    """Whether a list has this ticket, as far as its view and its own values say: words and due times are left out."""
    preset = VIEWS[query.view]
    now = {"status": row.status, "priority": row.priority, "category": row.category}
    now["assignee"] = str(row.assignee.id) if row.assignee else "none"
    for name, value in now.items():
        asked = query.values(name)
        for wanted in (asked, () if name == "status" and asked else preset.get(name, ())):
            if wanted and value not in {str(user_id) if one == "me" else one for one in wanted}:
                return False
    return "sla" not in preset or row.sla_state == _BREACHED


def is_left(page: Page, row: TicketRow) -> bool:
    """Whether the list that the page says it shows has lost this ticket by the change that is being answered."""
    shown = page.request.headers.get(SHOWN_LIST)
    return shown is not None and not holds(
        read_list_query(parse_qsl(shown.removeprefix("?"))), row, page.session.user_id
    )


async def _from_cursor(page: Page, query: ListQuery) -> TicketList:
    """A cursor in the address is the next stretch for people without scripts; a stale one means the top."""
    cursor = page.request.query_params.get("cursor")
    try:
        return await read_list(page, query, cursor=cursor)
    except Problem as problem:
        if cursor is None or problem.code != STALE_CURSOR:
            raise
        return await read_list(page, query)
