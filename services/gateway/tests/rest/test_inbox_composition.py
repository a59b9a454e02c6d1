"""An inbox with the titles of its tickets, from two upstreams: what the caller cannot see any more is left out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from services.gateway.tests.conftest import FakeUpstream, fake_upstream

INBOX = "/api/orgs/brightside/inbox"
FIRST, SECOND = "0198c0de-1111-7abc-8def-0000000000aa", "0198c0de-1111-7abc-8def-0000000000bb"


def row(ticket: str | None, number: int) -> dict[str, Any]:
    return {"id": f"r{number}", "ticket": ticket and {"id": ticket, "number": number}, "reason": "usage", "count": 1}


def shown(ticket: str, number: int) -> dict[str, Any]:
    return {"id": ticket, "number": number, "title": "Tür klemmt", "status": "open", "priority": "high"}


def says(status: int = 200, **body: Any) -> Any:
    async def answer(_: web.Request) -> web.Response:
        kind = "application/json" if status < 300 else "application/problem+json"
        return web.Response(status=status, body=json.dumps(body).encode(), content_type=kind)

    return answer


@pytest.fixture
async def notices() -> AsyncIterator[FakeUpstream]:
    """The notifications service."""
    async with fake_upstream() as fake:
        fake.answer = says(items=[row(FIRST, 1), row(SECOND, 2), row(None, 3)], next_cursor="c", unread=3)
        yield fake


@pytest.fixture
async def desk(upstream: FakeUpstream, notices: FakeUpstream, start_gateway: Any) -> Any:
    upstream.answer = says(items=[shown(FIRST, 1) | {"category": "billing"}], next_cursor=None)
    return await start_gateway(tickets_url=upstream.url, notifications_url=notices.url)


async def test_rows_have_what_the_tickets_service_says_of_their_tickets(
    desk: Any, upstream: FakeUpstream, notices: FakeUpstream
):
    status, _, body = await desk.call("GET", f"{INBOX}?state=all&limit=3")
    assert status == 200
    assert json.loads(body) == {
        "items": [row(FIRST, 1) | {"ticket": shown(FIRST, 1)}, row(None, 3)],
        "next_cursor": "c",
        "unread": 3,
    }
    assert notices.requests[0][1] == "/orgs/brightside/inbox?state=all&limit=3"
    assert upstream.requests[0][1] == f"/orgs/brightside/tickets?limit=100&id={FIRST},{SECOND}"
    asked = {one.requests[0][2]["authorization"] for one in (upstream, notices)}
    assert asked == {f"Bearer {desk.token}"}


async def test_nothing_is_asked_for_rows_without_tickets(desk: Any, upstream: FakeUpstream, notices: FakeUpstream):
    notices.answer = says(items=[row(None, 3)], next_cursor=None, unread=1)
    status, _, body = await desk.call("GET", INBOX)
    assert (status, json.loads(body)["items"], upstream.requests) == (200, [row(None, 3)], [])


@pytest.mark.parametrize("which", ["upstream", "notices"])
async def test_a_refusal_of_either_is_the_answer(which: str, desk: Any, upstream: FakeUpstream, notices: FakeUpstream):
    {"upstream": upstream, "notices": notices}[which].answer = says(status=403, type="/problems/role-too-low")
    status, _, body = await desk.call("GET", INBOX)
    assert (status, json.loads(body)) == (403, {"type": "/problems/role-too-low"})


async def test_without_the_tickets_service_there_is_no_answer(desk: Any, upstream: FakeUpstream):
    async def drop(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    upstream.answer = drop
    assert (await desk.call("GET", INBOX))[0] == 503


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"{INBOX}/r1"),
        ("POST", f"{INBOX}/read-all"),
        ("GET", "/api/me/inbox"),
        ("PUT", "/api/orgs/brightside/tickets/42/watch"),
        ("DELETE", "/api/orgs/brightside/tickets/42/watch"),
        ("GET", "/api/orgs/brightside/tickets/42/watchers"),
        ("GET", "/api/orgs/brightside/tickets/42/notices"),
        ("PUT", "/api/orgs/brightside/tickets/42/seen"),
    ],
)
async def test_the_rest_is_forwarded_as_it_is(method: str, path: str, desk: Any, notices: FakeUpstream):
    notices.answer = says(anything=1)
    status, _, body = await desk.call(method, path, **({} if method in {"GET", "DELETE"} else {"json": {}}))
    assert (status, json.loads(body)) == (200, {"anything": 1})
    assert notices.requests[0][:2] == (method, path.removeprefix("/api"))
