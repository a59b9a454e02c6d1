"""The list's page: as many columns as there are, matches outside of the view, filters of an address, by role."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from services.gateway.tests.console.ticket.test_ticket_page import PERSON, SESSION_SECRET, person, support, ticket
from tests.support.web_clients import Visitor

OTHER = "22222222-2222-4222-8222-222222222222"
WRITER, VIEWER = ["read", "write", "delete"], ["read"]


NOT_ALL = "Not all comments could be searched"


class Queue:
    """Answers as the tickets service with one open and one closed ticket, and remembers what lists were asked for."""

    def __init__(self, permissions: list[str]) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self._support = support() | {"permissions": permissions}
        self._rows = [
            ticket("Ada")
            | {"number": 1, "status": "open", "title": "An open matter", "found_in": ["title", "contact"]},
            ticket("Ada")
            | {"id": OTHER, "number": 2, "status": "closed", "title": "A closed matter"}
            | {"found_in": ["description", "comments"]},
        ]

    async def __call__(self, request: web.Request) -> web.Response:
        last = request.path.rpartition("/")[2]
        if last != "tickets":
            return web.json_response({"support": self._support, "members": {"items": []}}[last])
        query = parse_qs(urlsplit(str(request.url)).query)
        self.asked.append(query)
        statuses = query.get("status", ["open,closed"])[0].split(",")
        found = [row for row in self._rows if row["status"] in statuses]
        return web.json_response({"items": found, "next_cursor": None, "total": len(found)})


def commented(*, more: bool) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answers as the comments service that has no match, or not all of them."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"tickets": [], "more": more})

    return answer


@pytest.fixture
def window(helpdesk: Any) -> Visitor:
    return Visitor(helpdesk.url, "brightside", PERSON, helpdesk.token, SESSION_SECRET)  # type: ignore[arg-type]


class TestColumns:
    @pytest.mark.parametrize("permissions", [WRITER, VIEWER], ids=["writer", "viewer"])
    async def test_no_row_is_wider_than_the_head(self, window: Visitor, upstream: Any, permissions: list[str]) -> None:
        upstream.answer = Queue(permissions)
        html = (await window.get("/support?q=matter")).html
        heads = len(re.findall("<th ", html))
        assert re.findall(r'colspan="(\d+)"', html) == [str(heads)] * 2  # the foot, and what is outside of the view


class TestSearch:
    async def test_says_what_matches_outside_of_the_view(self, window: Visitor, upstream: Any) -> None:
        upstream.answer = Queue(WRITER)
        html = (await window.get("/support?q=matter")).html
        inside, _, outside = html.partition('id="elsewhere"')
        assert "An open matter" in inside
        assert "A closed matter" not in inside
        assert "A closed matter" in outside
        assert "An open matter" not in outside
        assert "1 match outside of “All active”" in outside
        assert 'href="?view=all&amp;q=matter"' in outside

    async def test_says_where_words_were_found_unless_the_title_shows_it(
        self, window: Visitor, upstream: Any, comments: Any
    ) -> None:
        upstream.answer = Queue(WRITER)
        comments.answer = commented(more=False)
        html = (await window.get("/support?q=matter")).html
        assert re.findall(r'class="found-in">([^<]+)<', html) == ["found in: description, comments"]
        assert NOT_ALL not in html

    async def test_says_when_comments_were_not_looked_through(
        self, window: Visitor, upstream: Any, comments: Any
    ) -> None:
        upstream.answer = Queue(WRITER)
        comments.answer = commented(more=True)
        assert NOT_ALL in (await window.get("/support?q=matter")).html

    @pytest.mark.parametrize(("status", "left_out"), [("closed", True), ("open", False)])
    async def test_says_what_the_file_leaves_out(
        self, window: Visitor, upstream: Any, comments: Any, status: str, left_out: bool
    ) -> None:
        upstream.answer, comments.answer = Queue(WRITER), commented(more=False)
        html = (await window.get(f"/support?q=matter&status={status}")).html
        assert ("the CSV file may leave them out" in html) is left_out

    async def test_without_words_asks_for_the_view_alone(self, window: Visitor, upstream: Any) -> None:
        upstream.answer = queue = Queue(WRITER)
        html = (await window.get("/support?priority=high")).html
        assert 'id="elsewhere"' not in html
        assert len(queue.asked) == 1


class TestAddress:
    async def test_a_reference_is_applied_and_shown_with_its_name(self, window: Visitor, upstream: Any) -> None:
        upstream.answer = queue = Queue(WRITER)
        html = (await window.get(f"/support?company={PERSON}&sort=priority")).html
        assert queue.asked[0]["company"] == [PERSON]
        assert f'<input type="hidden" name="company" value="{PERSON}">' in html
        chosen = html.partition("Company: ")[2].partition("</a>")[0]
        assert person("Ada")["name"] in chosen
        assert 'class="btn chosen" href="?sort=priority"' in html

    async def test_what_is_not_understood_is_said(self, window: Visitor, upstream: Any) -> None:
        upstream.answer = Queue(WRITER)
        html = (await window.get("/support?colour=blue&status=open,<b>")).html
        assert "Not understood in the address, so left out: colour, status=&lt;b&gt;" in html

    async def test_today_is_asked_for_in_the_zone_of_the_readers_cookie(self, window: Visitor, upstream: Any) -> None:
        upstream.answer = queue = Queue(WRITER)
        cookie = window.cookie()
        await window.get("/support?sla=today", Cookie=f"{cookie}; opsdash-zone=Pacific/Honolulu")
        await window.get("/support?sla=today", Cookie=f"{cookie}; opsdash-zone=Nowhere/Land")
        assert [query.get("time_zone") for query in queue.asked] == [["Pacific/Honolulu"], None]
