"""Answers come in pieces; all of them are read, and no more than may be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opsdash_http.client.bounded_body import bounded_body

PIECES = [b"{", b'"a": ', b"1", b"}"]


@pytest.fixture
async def in_pieces() -> AsyncIterator[TestServer]:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for piece in PIECES:
            await response.write(piece)
            await asyncio.sleep(0.02)
        return response

    application = web.Application()
    application.router.add_get("/", answer)
    async with TestServer(application) as server:
        yield server


async def test_every_piece_is_read(in_pieces: TestServer) -> None:
    async with aiohttp.ClientSession() as session, session.get(in_pieces.make_url("/")) as response:
        assert await bounded_body(response, 8) == b"".join(PIECES)


async def test_one_byte_too_much_is_refused(in_pieces: TestServer) -> None:
    async with aiohttp.ClientSession() as session, session.get(in_pieces.make_url("/")) as response:
        with pytest.raises(ValueError, match="more than 7 bytes"):
            await bounded_body(response, 7)
