"""Reads one stretch of the inbox, with the titles of its tickets as this person may read them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from opsdash_http.errors.problems import Problem

from opsdash_gateway.console.inbox.schemas import InboxPage, InboxRow
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import TicketPage, TicketRow

PAGE_SIZE: Final = 25
STALE_CURSOR: Final = "invalid-cursor"
UNREAD: Final = "unread"
ALL: Final = "all"
STATES: Final = (UNREAD, "read", "archived", ALL)


@dataclass(frozen=True)
class Entry:
    """A row with its ticket; without one it is about the workspace."""

    row: InboxRow
    ticket: TicketRow | None


@dataclass(frozen=True)
class Inbox:
    """Rows in one of `STATES`. `newest` is the id of the first one that came, whether it is shown or not."""

    state: str
    entries: Sequence[Entry]
    next_cursor: str | None
    unread: int
    newest: UUID | None
    shown: int

    @property
    def may_read_all(self) -> bool:
        return bool(self.unread) and self.state in {UNREAD, ALL}


def state_of(text: str | None) -> str:
    """What an address or a form asks for; anything unknown is what is unread."""
    return text if text in STATES else UNREAD


async def read_inbox(page: Page, state: str, *, cursor: str | None = None, before: int = 0) -> Inbox:
    """Raises the problem of either upstream. A ticket that this person cannot read any more is left out."""
    query: dict[str, Any] = {"state": state, "limit": PAGE_SIZE} | ({"cursor": cursor} if cursor else {})
    found = await page.read("/inbox", InboxPage, query=urlencode(query).encode(), service="notifications")
    tickets = await _tickets(page, found.items)
    entries = [
        Entry(row, tickets.get(row.ticket.id) if row.ticket else None)
        for row in found.items
        if row.ticket is None or row.ticket.id in tickets
    ]
    newest = found.items[0].id if found.items else None
    return Inbox(state, entries, found.next_cursor, found.unread, newest, before + len(entries))


async def read_from(page: Page, state: str, cursor: str | None) -> Inbox:
    """A cursor in the address is the next stretch for people without scripts; a stale one means the top."""
    try:
        return await read_inbox(page, state, cursor=cursor)
    except Problem as problem:
        if cursor is None or problem.code != STALE_CURSOR:
            raise
        return await read_inbox(page, state)


async def count_fresh(page: Page, state: str, after: str) -> int:
    """How many rows of the first stretch came after the one with this id: ids grow with time."""
    query = urlencode({"state": state, "limit": PAGE_SIZE}).encode()
    found = await page.read("/inbox", InboxPage, query=query, service="notifications")
    return sum(str(row.id) > after for row in found.items)


async def _tickets(page: Page, rows: Sequence[InboxRow]) -> dict[UUID, TicketRow]:
    wanted = [str(row.ticket.id) for row in rows if row.ticket]
    if not wanted:
        return {}
    query = f"id={','.join(wanted)}&limit={len(wanted)}".encode()
    return {ticket.id: ticket for ticket in (await page.read("/tickets", TicketPage, query=query)).items}
