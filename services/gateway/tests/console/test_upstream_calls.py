"""What an action in the console asks of the services behind it, once the rights of who acts are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web

from services.gateway.tests.console.ticket.test_ticket_page import (
    PATH,
    PERSON,
    SESSION_SECRET,
    comments_by,
    support,
    ticket,
    upstream_answers,
)
from tests.support.web_clients import Visitor

ORG = "/orgs/brightside"
RIGHTS = ("GET", f"{ORG}/support")
COMMENTS = f"{ORG}/tickets/42/comments"
COMMENT = "019b7c1a-5f48-7111-8111-111111111111"


@pytest.fixture
def window(helpdesk: Any) -> Visitor:
    return Visitor(helpdesk.url, "brightside", PERSON, helpdesk.token, SESSION_SECRET, origin=helpdesk.url)


def asked(service: Any) -> list[tuple[str, str]]:
    return [request[:2] for request in service.requests]


def one_comment(status: int) -> Callable[[web.Request], Any]:
    async def answer(request: web.Request) -> web.Response:
        page = await comments_by("Ada")(request)
        comment = page.text.partition('"items": [')[2].rpartition('], "next_cursor"')[0]
        return web.Response(status=status, text=comment, content_type="application/json")

    return answer


async def test_a_comment_is_one(window: Visitor, upstream: Any, comments: Any):
    upstream.answer, comments.answer = upstream_answers("Ada"), one_comment(201)
    page = await window.post(f"{PATH}/comments", {"body": "x"})
    assert (page.status, asked(upstream), asked(comments)) == (201, [RIGHTS], [("POST", COMMENTS)])


async def test_so_is_its_change(window: Visitor, upstream: Any, comments: Any):
    upstream.answer, comments.answer = upstream_answers("Ada"), one_comment(200)
    page = await window.post(f"{PATH}/comments/{PERSON}", {"body": "x"}, version=1)
    assert (page.status, asked(upstream), asked(comments)) == (200, [RIGHTS], [("PATCH", f"{COMMENTS}/{PERSON}")])


class TestDeletion:
    async def gone(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    async def test_of_a_comment_is_one_and_a_mark_is_left(self, window: Visitor, upstream: Any, comments: Any):
        upstream.answer, comments.answer = upstream_answers("Ada"), self.gone
        page = await window.post(f"{PATH}/comments/{COMMENT}/delete", version=7)
        assert (page.status, asked(upstream), asked(comments)) == (200, [RIGHTS], [("DELETE", f"{COMMENTS}/{COMMENT}")])
        assert f'id="comment-{COMMENT}" data-comment="{COMMENT}" data-version="8"' in page.html
        assert "Comment deleted" in page.html
        assert f'datetime="{datetime.fromtimestamp(0x019B7C1A5F48 // 1000, UTC).isoformat()}"' in page.html

    async def test_an_id_that_tells_no_time_is_of_now_at_the_latest(
        self, window: Visitor, upstream: Any, comments: Any
    ):
        upstream.answer, comments.answer = upstream_answers("Ada"), self.gone
        page = await window.post(f"{PATH}/comments/{'f' * 8}-ffff-4fff-bfff-{'f' * 12}/delete", version=1)
        assert page.status == 200
        assert f'datetime="{datetime.now(UTC).year}' in page.html

    @pytest.mark.parametrize("tag", ['"1", "2"', "*", 'W/"3"', f'"{"9" * 5000}"', '"٣"'.encode().decode("latin-1")])
    async def test_a_version_that_is_no_number_is_left_to_the_owner(
        self, window: Visitor, upstream: Any, comments: Any, tag: str
    ):
        upstream.answer, comments.answer = upstream_answers("Ada"), self.gone
        page = await window.post(f"{PATH}/comments/{PERSON}/delete", **{"If-Match": tag})
        assert (page.status, len(comments.requests)) == (200, 1)


async def test_more_comments_are_one(window: Visitor, upstream: Any, comments: Any):
    upstream.answer, comments.answer = upstream_answers("Ada"), comments_by("Ada")
    assert (await window.get(f"{PATH}/comments?cursor=abc")).status == 200
    assert (asked(upstream), asked(comments)) == ([RIGHTS], [("GET", f"{COMMENTS}?cursor=abc")])


async def test_rows_that_were_changed_together_are_one_list(window: Visitor, upstream: Any):
    ids = [str(uuid4()) for _ in range(3)]

    async def answer(request: web.Request) -> web.Response:
        rows = [ticket("Ada") | {"id": each, "number": number} for number, each in enumerate(ids, start=1)]
        answers: dict[str, Any] = {
            "support": support(),
            "views": dict.fromkeys(("active", "mine", "unassigned", "overdue", "done"), 1),
            "bulk": {"items": [{"id": each, "status": 200, "version": 4} for each in ids]},
            "tickets": {"items": rows, "next_cursor": None},
        }
        return web.json_response(answers[request.path.rpartition("/")[2]])

    upstream.answer = answer
    page = await window.post("/support/bulk", {"ids": ",".join(ids), "status": "open"})
    assert page.status == 200
    listed = ("GET", f"{ORG}/tickets?id={','.join(ids)}&limit=100")
    assert asked(upstream) == [RIGHTS, ("POST", f"{ORG}/tickets/bulk"), listed, ("GET", f"{ORG}/views")]
    assert all(f"ticket-{each}" in page.html for each in ids)
