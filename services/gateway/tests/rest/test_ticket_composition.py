"""A ticket with its comments, from two upstreams: joined as bytes, with one of them away, and what a deletion hides."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from opsdash_gateway.rest import ticket_composition
from opsdash_gateway.rest.openapi import upstream_document
from opsdash_http.openapi import METHODS

from tests.support.measurements import eventually

ONE = "/api/orgs/brightside/tickets/42"
JSON = {"Content-Type": "application/json"}
TICKET = b'{"id":"t", "number" :42,"title":"h\xc3\xa9 \\u00e9"}'
PAGE = b'{"items":[ {"body":"x"} ],"next_cursor":null}'
UNAVAILABLE = {"status": "unavailable", "retry_after_seconds": 2}
ROUTES = [
    (method.upper(), path.replace("{slug}", "brightside").replace("{reference}", "42").replace("{comment_id}", "c1"))
    for path, item in upstream_document("comments")["paths"].items()
    for method in METHODS
    if method in item
]


def says(body: bytes, status: int = 200, **headers: str) -> Any:
    async def answer(_: web.Request) -> web.Response:
        kind = "application/json" if status < 300 else "application/problem+json"
        return web.Response(status=status, body=body, content_type=kind, headers=headers)

    return answer


async def silent(_: web.Request) -> web.Response:
    """Longer than a test may take, so that whatever is answered was answered without it."""
    await asyncio.sleep(300)
    return web.Response()


async def drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.fixture
def ticket(upstream: Any, comments: Any) -> None:
    upstream.answer = says(TICKET, ETag='"7"')
    comments.answer = says(PAGE)


@pytest.mark.usefixtures("ticket")
class TestComposedTicket:
    async def test_is_the_ticket_with_a_page_of_comments_in_the_owners_bytes(self, helpdesk: Any) -> None:
        status, headers, body = await helpdesk.call("GET", ONE)
        assert (status, headers["etag"]) == (200, '"7"')
        assert body == TICKET[:-1] + b',"comments":' + PAGE[:-1] + b',"status":"available"}}'
        assert "retry-after" not in headers

    async def test_both_are_asked_as_the_caller(self, helpdesk: Any, upstream: Any, comments: Any) -> None:
        await helpdesk.call("GET", ONE)
        paths = [asked.requests[0][1] for asked in (upstream, comments)]
        assert paths == ["/orgs/brightside/tickets/42", "/orgs/brightside/tickets/42/comments"]
        assert {asked.requests[0][2]["authorization"] for asked in (upstream, comments)} == {f"Bearer {helpdesk.token}"}

    async def test_side_by_side(self, helpdesk: Any, upstream: Any, comments: Any) -> None:
        both_asked = asyncio.Barrier(2)

        async def together(_: web.Request) -> web.Response:
            await both_asked.wait()
            return web.Response(body=PAGE, content_type="application/json")

        upstream.answer = comments.answer = together
        assert (await helpdesk.call("GET", ONE))[0] == 200

    def test_the_deadlines_leave_an_answer_within_two_seconds(self) -> None:
        assert max(ticket_composition.TICKET_SECONDS, ticket_composition.COMMENTS_SECONDS) < 2

    @pytest.mark.parametrize(
        "away", [silent, drop, says(b"{}", 503), says(b"oops", 404), says(b"{}", 403)], ids=range(5)
    )
    async def test_without_comments_it_says_so(self, helpdesk: Any, comments: Any, away: Any) -> None:
        comments.answer = away
        status, headers, body = await helpdesk.call("GET", ONE)
        assert (status, headers["retry-after"]) == (200, "2")
        assert json.loads(body)["comments"] == UNAVAILABLE

    @pytest.mark.parametrize("away", [silent, drop], ids=["silent", "dropping"])
    async def test_without_tickets_it_is_503(self, helpdesk: Any, upstream: Any, away: Any) -> None:
        upstream.answer = away
        status, headers, body = await helpdesk.call("GET", ONE)
        assert (status, json.loads(body)["type"]) == (503, "/problems/unavailable")
        assert int(headers["retry-after"]) >= 1

    async def test_no_ticket_is_the_owners_404_whatever_comments_say(self, helpdesk: Any, upstream: Any) -> None:
        upstream.answer = says(b'{"type":"/problems/not-found"}', 404)
        assert (await helpdesk.call("GET", ONE))[::2] == (404, b'{"type":"/problems/not-found"}')

    async def test_the_breaker_spares_readers_the_wait_and_closes_alone(self, helpdesk: Any, comments: Any) -> None:
        comments.answer = silent
        await asyncio.gather(*(helpdesk.call("GET", ONE) for _ in range(5)))
        asked = len(comments.requests)
        for _ in range(10):
            _, _, body = await helpdesk.call("GET", ONE)
            assert json.loads(body)["comments"] == UNAVAILABLE
        assert len(comments.requests) - asked < 10, "with every try waited for, nobody is spared"
        comments.answer = says(PAGE)

        async def is_back() -> bool:
            _, _, body = await helpdesk.call("GET", ONE)
            return bool(json.loads(body)["comments"]["status"] == "available")

        await eventually(is_back)


@pytest.mark.usefixtures("ticket")
class TestCommentRoutes:
    @pytest.mark.parametrize(("method", "path"), ROUTES, ids=map(" ".join, ROUTES))
    async def test_reach_their_owner_and_nobody_else(
        self, helpdesk: Any, upstream: Any, comments: Any, method: str, path: str
    ) -> None:
        assert (await helpdesk.call(method, f"/api{path}"))[0] == 200
        assert [request[:2] for request in comments.requests] == [(method, path)]
        assert upstream.requests == []

    async def test_the_comments_service_away_is_503(self, helpdesk: Any, comments: Any) -> None:
        comments.answer = drop
        status, headers, _ = await helpdesk.call("GET", f"{ONE}/comments")
        assert (status, headers["retry-after"]) == (503, "1")


class TestDeletion:
    @pytest.fixture
    def deleted(self, upstream: Any, comments: Any) -> list[str]:
        """Who was asked, in order; the ticket is deleted whenever it is asked for."""
        asked: list[str] = []

        def gone(service: str) -> Any:
            async def answer(request: web.Request) -> web.Response:
                asked.append(f"{request.method} {service}{request.path}")
                return web.Response(status=204)

            return answer

        upstream.answer, comments.answer = gone("tickets"), gone("comments")
        return asked

    async def test_is_told_to_comments_before_it_is_answered(
        self, helpdesk: Any, comments: Any, deleted: list[str]
    ) -> None:
        status, _, body = await helpdesk.call("DELETE", ONE, headers={"Idempotency-Key": "once", "If-Match": '"7"'})
        assert (status, body) == (204, b"")
        path = ONE.removeprefix("/api")
        assert deleted == [f"DELETE tickets{path}", f"PUT comments{path}/thread"]
        sent = comments.requests[0][2]
        assert sent["authorization"] == f"Bearer {helpdesk.token}"
        assert {"idempotency-key", "if-match"}.isdisjoint(name.lower() for name in sent)

    @pytest.mark.parametrize("status", [403, 404, 412])
    async def test_a_refused_one_is_not(self, helpdesk: Any, upstream: Any, comments: Any, status: int) -> None:
        upstream.answer = says(b"{}", status)
        assert (await helpdesk.call("DELETE", ONE))[0] == status
        assert comments.requests == []

    @pytest.mark.usefixtures("deleted")
    @pytest.mark.parametrize("away", [silent, drop, says(b"{}", 503), says(b"{}", 404)], ids=range(4))
    async def test_is_done_without_comments_too(self, helpdesk: Any, comments: Any, away: Any) -> None:
        comments.answer = away
        assert (await helpdesk.call("DELETE", ONE))[0] == 204
