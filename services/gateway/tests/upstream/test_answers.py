"""How much the gateway reads of what an upstream answers."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from aiohttp import web
from opsdash_gateway.rest.openapi import upstream_document
from opsdash_gateway.upstream.answers import most_bytes

SLUG = {"slug": "brightside", "reference": "42", "comment_id": "44444444-4444-4444-8444-444444444444"}
CSV = "/orgs/brightside/tickets.csv"
READ = [
    path.format_map(SLUG)
    for service in ("tickets", "comments")
    for path, item in upstream_document(service)["paths"].items()
    if "get" in item and path.format_map(SLUG) != CSV
]
PIECE = b"x" * 64 * 1024
MUCH_MORE = 512


class Endless:
    """An upstream's answer that goes on until the gateway has had enough, or for 32 MiB."""

    def __init__(self, content_type: str = "application/json") -> None:
        self.content_type = content_type
        self.longest = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": self.content_type})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for written in range(MUCH_MORE):
                await response.write(PIECE)
                self.longest = max(self.longest, written + 1)
        return response


@pytest.mark.parametrize("path", READ)
async def test_more_than_the_route_may_answer_is_502_and_not_read_on(
    helpdesk: Any, upstream: Any, comments: Any, path: str
):
    upstream.answer = comments.answer = endless = Endless()
    status, _, body = await helpdesk.call("GET", f"/api{path}")
    assert endless.longest < MUCH_MORE
    assert (status, json.loads(body)["type"]) == (502, "/problems/bad-upstream")


@pytest.mark.parametrize("path", READ)
async def test_as_much_as_it_may_is_passed_on(helpdesk: Any, upstream: Any, comments: Any, path: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        document = b'{"a":"%s"}' % (b"x" * (most_bytes(request.path) - 8))
        return web.Response(body=document, content_type="application/json")

    upstream.answer = comments.answer = answer
    status, _, body = await helpdesk.call("GET", f"/api{path}")
    assert (status, len(body) >= most_bytes(path)) == (200, True)


async def test_an_export_is_as_long_as_it_is(gateway: Any, upstream: Any) -> None:
    upstream.answer = Endless("text/csv")
    _, _, body = await gateway.call("GET", f"/api{CSV}")
    assert len(body) == MUCH_MORE * len(PIECE)


async def test_a_refused_export_is_short(gateway: Any, upstream: Any) -> None:
    async def refuse(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=400, headers={"Content-Type": "application/problem+json"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(MUCH_MORE):
                await response.write(PIECE)
        return response

    upstream.answer = refuse
    assert (await gateway.call("GET", f"/api{CSV}"))[0] == 502
