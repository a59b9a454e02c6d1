"""Fetches what a ticket's page is made of, side by side; a part that cannot be had is None, never empty."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlencode

import msgspec
from opsdash_http.errors.problems import Problem

from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.console.shell.upstream_schemas import Member, Members
from opsdash_gateway.console.ticket.notices import Watch, read_watch
from opsdash_gateway.console.ticket.reminders import Reminder, read_reminders
from opsdash_gateway.console.ticket.schemas import CommentPage, Ticket
from opsdash_gateway.upstream.answers import Answer

COMMENTS_SECONDS = 1.0
SEEN_SECONDS = 0.5
EVERYBODY = b"limit=100"


@dataclass(frozen=True)
class Whole:
    """A ticket with everything its page shows at first."""

    ticket: Ticket
    comments: CommentPage | None
    members: list[Member] | None
    watch: Watch | None
    reminders: list[Reminder] | None

    def context(self) -> dict[str, Any]:
        """As the templates name it."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


async def read_whole(page: Page, number: int) -> Whole:
    """Raises the problem of the tickets service; without comments, members or watchers there is still a page."""
    comments = asyncio.create_task(_comments_or_none(page, number))
    members = asyncio.create_task(read_members(page))
    watch = asyncio.create_task(read_watch(page, number))
    reminders = asyncio.create_task(read_reminders(page, number))
    try:
        ticket = await page.read(f"/tickets/{number}", Ticket)
        return Whole(ticket, await comments, await members, await watch, await reminders)
    finally:
        for part in (comments, members, watch, reminders):
            part.cancel()


async def mark_seen(page: Page, number: int) -> None:
    """Who opens a ticket has read what they were told of it; `page.unread` is what is left, where it can be known."""
    try:
        await page.send("PUT", f"/tickets/{number}/seen", service="notifications", seconds=SEEN_SECONDS)
    except Problem:
        return
    page.inbox_changed()
    page.unread = await page.count_unread()


async def read_ticket(page: Page, number: int) -> tuple[Ticket, list[Member] | None]:
    """The ticket, and whom it can be assigned to."""
    ticket, members = await asyncio.gather(page.read(f"/tickets/{number}", Ticket), read_members(page))
    return ticket, members


async def read_members(page: Page) -> list[Member] | None:
    """Nobody has to be offered where nothing can be changed."""
    if not page.may("write"):
        return None
    try:
        return (await page.read("/members", Members, query=EVERYBODY)).items
    except Problem:
        return None


async def read_comments(page: Page, number: int, cursor: str | None = None) -> CommentPage:
    """One page."""
    query = urlencode({"cursor": cursor}).encode() if cursor else b""
    return await page.read(f"/tickets/{number}/comments", CommentPage, query=query, service="comments")


async def _comments_or_none(page: Page, number: int) -> CommentPage | None:
    try:
        async with asyncio.timeout(COMMENTS_SECONDS):
            return await page.read(f"/tickets/{number}/comments", CommentPage, service="comments")
    except (Problem, TimeoutError):
        return None


def ticket_of(answer: Answer) -> Ticket:
    return msgspec.json.decode(answer.body, type=Ticket)
