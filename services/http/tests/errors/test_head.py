"""HEAD is GET without a body, on every route but those that do more than tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar import Response, get, post
from litestar.response import Stream
from litestar.testing import AsyncTestClient
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import create_app
from opsdash_http.errors.head import NOT_FOR_HEAD, with_head
from opsdash_http.security.authentication import PUBLIC

OPEN = {"authentication": PUBLIC}
read_to: list[int] = []


@get("/told", opt=OPEN)
async def told() -> Response[dict[str, str]]:
    return Response({"a": "é"}, headers={"ETag": '"7"'})


@get("/members")
async def members() -> str:
    return "for members"


@get("/endless", opt=OPEN)
async def endless() -> Stream:
    async def count() -> AsyncIterator[bytes]:
        try:
            for number in range(1_000_000):
                read_to[:] = [number]
                yield b"x"
                await asyncio.sleep(0)
        finally:
            read_to.append(-1)

    return Stream(count(), media_type="text/csv")


@get("/acts", opt={**OPEN, **NOT_FOR_HEAD})
async def acts() -> None:
    raise AssertionError("a HEAD must change nothing")


@post("/written", opt=OPEN)
async def written() -> None: ...


@pytest.fixture
async def client(settings: ServiceSettings) -> AsyncIterator[AsyncTestClient[Any]]:
    app = create_app(settings, route_handlers=[told, members, endless, acts, written])
    async with AsyncTestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize("path", ["/told", "/livez", "/metrics", "/members", "/nothing", "/told?x=%ff", "/told?x=1"])
async def test_is_answered_as_get_is_without_a_body(client: AsyncTestClient[Any], path: str) -> None:
    whole, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    changing = {"x-request-id", "content-length"} if path == "/metrics" or whole.is_error else {"x-request-id"}
    assert {**head.headers, **dict.fromkeys(changing)} == {**whole.headers, **dict.fromkeys(changing)}


async def test_a_long_answer_is_not_produced_for_it(client: AsyncTestClient[Any]) -> None:
    head = await client.head("/endless")
    assert (head.status_code, head.headers["content-type"].partition(";")[0], head.content) == (200, "text/csv", b"")
    assert read_to[-1] == -1
    assert read_to[0] < 1000


async def test_what_does_more_than_tell_takes_none(client: AsyncTestClient[Any]) -> None:
    head = await client.head("/acts")
    assert (head.status_code, head.headers["allow"]) == (405, "GET, OPTIONS")
    assert (await client.head("/written")).status_code == 405


async def test_allow_names_it_beside_get(client: AsyncTestClient[Any]) -> None:
    assert (await client.delete("/told")).headers["allow"] == "GET, HEAD, OPTIONS"
    assert with_head("POST, OPTIONS") == "OPTIONS, POST"
    assert (await client.options("/told")).headers["allow"] == "GET, HEAD, OPTIONS"
    assert (await client.options("/acts")).headers["allow"] == "GET, OPTIONS"
