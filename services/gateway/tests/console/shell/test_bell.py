"""The bell of the sidebar: how much of the inbox is unread, and that no page waits for it or fails without it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from services.gateway.tests.console.dashboard.test_dashboard import INSIGHTS, PERSON, SESSION_SECRET, answering
from services.gateway.tests.console.ticket.test_ticket_page import unavailable
from tests.support.web_clients import Visitor

NUMBER = '<span data-unread>{}</span><span class="visually-hidden"> unread</span>'


def unread(count: Any) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"items": [], "next_cursor": None, "unread": count})

    return answer


async def never(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.fixture
def window(telling: Any, upstream: Any) -> Visitor:
    upstream.answer = answering(INSIGHTS)
    return Visitor(telling.url, "brightside", PERSON, telling.token, SESSION_SECRET)  # type: ignore[arg-type]


def bell(html: str) -> str:
    return html.partition('<a id="bell"')[2].partition("</a>")[0]


async def test_says_how_many_are_unread_in_this_workspace(window: Visitor, notifications: Any) -> None:
    notifications.answer = unread(1234)
    shown = bell((await window.get("/dashboard", fragment=False)).html)
    assert 'href="/en/org/brightside/inbox"' in shown
    assert NUMBER.format("1,234") in shown
    assert " hidden>" not in shown
    assert [request[:2] for request in notifications.requests] == [("GET", "/orgs/brightside/inbox?limit=1")]


@pytest.mark.parametrize("answer", [unread(0), unavailable, never, unread("many")], ids=["0", "away", "slow", "broken"])
async def test_shows_no_number_when_there_is_none(window: Visitor, notifications: Any, answer: Any) -> None:
    notifications.answer = answer
    page = await window.get("/dashboard", fragment=False)
    assert page.status == 200
    assert 'data-count="0" hidden>' in bell(page.html)


async def test_a_fragment_asks_for_none(window: Visitor, notifications: Any) -> None:
    assert (await window.get("/dashboard")).status == 200
    assert notifications.requests == []
