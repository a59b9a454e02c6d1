"""Offers to go on in another protocol are declined: the request is answered by HTTP/1.1 as if there were none.

RFC 9110, 7.8: a server may ignore them. Java's own client and `curl --http2` make one with each request.
"""

from __future__ import annotations

from typing import Any

import pytest
from opsdash_chassis.settings import ServiceSettings
from opsdash_http.app import create_app

from services.http.tests.conftest import echoing


@pytest.fixture
async def connection(start: Any, settings: ServiceSettings) -> Any:
    return await start(create_app(settings, route_handlers=[echoing()]), settings)


HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
POST = HEAD + OFFER
GET = b"GET /hello/a HTTP/1.1\r\nHost: a\r\n" + OFFER + b"\r\n"
CHUNKS = b'Transfer-Encoding: chunked\r\n\r\n6\r\n{"a": \r\n2\r\n1}\r\n0\r\n\r\n'
OFFERS = {
    "a body at once": [POST + b'Content-Length: 8\r\n\r\n{"a": 1}'],
    "a body later": [POST + b"Content-Length: 8\r\n\r\n", b'{"a":', b" 1}"],
    "a head in parts": [POST[:70], POST[70:150], POST[150:] + b'Content-Length: 8\r\n\r\n{"a": 1}'],
    "chunks": [POST + CHUNKS],
    "before it a request without a body": [GET + POST + CHUNKS],
    "the same twice": [(POST + CHUNKS) * 2],
    "to WebSocket": [HEAD + b"Connection: upgrade\r\nUpgrade: websocket\r\n" + CHUNKS],
    "and the end of the connection": [POST.replace(b"Upgrade,", b"close, Upgrade,") + CHUNKS],
    "by HTTP/1.0": [POST.replace(b"1.1", b"1.0", 1) + b'Content-Length: 8\r\n\r\n{"a": 1}'],
}


class TestOffersOfAnotherProtocol:
    @pytest.mark.parametrize("parts", OFFERS.values(), ids=OFFERS.keys())
    async def test_the_request_is_answered_with_its_body_read(self, connection: Any, parts: list[bytes]) -> None:
        asked = b"".join(parts).count(b"POST /echo")
        answer = await connection.exchange(
            *parts, pause_seconds=0.05, enough=lambda said: said.count(b'{"a":1}') == asked
        )
        assert answer.count(b"HTTP/1.1 201 ") == asked
        assert b"HTTP/1.1 101" not in answer
        assert b"HTTP/1.1 400" not in answer

    async def test_the_connection_goes_on(self, connection: Any) -> None:
        plain = b"GET /hello/b HTTP/1.1\r\nHost: a\r\n\r\n"
        answer = await connection.exchange(
            GET, plain, GET, pause_seconds=0.05, enough=lambda said: said.count(b"HTTP/1.1 200 ") == 3
        )
        assert answer.count(b"HTTP/1.1 200 ") == 3

    async def test_a_body_is_no_request(self, connection: Any) -> None:
        inner = b"GET /hello/b HTTP/1.1\r\nHost: a\r\n\r\n"
        outer = POST + f"Content-Length: {len(inner)}\r\n\r\n".encode() + inner
        answer = await connection.exchange(outer, GET, enough=lambda said: b"HTTP/1.1 200 " in said)
        assert answer.startswith(b"HTTP/1.1 400 ")

    async def test_limits_of_the_head_hold(self, connection: Any) -> None:
        answer = await connection.exchange(b"GET / HTTP/1.1\r\nHost: a\r\n" + OFFER + b"X: 1\r\n" * 200 + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 431 ")

    async def test_a_tunnel_is_refused(self, connection: Any) -> None:
        answer = await connection.exchange(b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 ")
