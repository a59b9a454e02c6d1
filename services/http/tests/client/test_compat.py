"""What aiohttp does by itself: the test of it alone fails when it does not any more, and our part can go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import aiohttp
import pytest
from opsdash_http.client.compat import never_repeat

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(("prepare", "asked"), [(lambda _: None, 3), (never_repeat, 2)], ids=["library", "here"])
async def test_a_request_on_a_closed_kept_connection(
    prepare: Callable[[aiohttp.ClientSession], None], asked: int
) -> None:
    """The server answers the first request, and closes without an answer whatever comes later on that connection."""
    requests = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal requests
        for answer in (ANSWER, b""):
            await reader.readuntil(b"\r\n\r\n")
            requests += 1
            writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server, aiohttp.ClientSession() as session:
        prepare(session)
        url = "http://{}:{}/".format(*server.sockets[0].getsockname())
        statuses = []
        for _ in range(2):
            try:
                async with session.get(url) as response:
                    statuses.append(response.status)
            except aiohttp.ServerDisconnectedError:
                statuses.append(0)
    assert (requests, statuses) == (asked, [200, 200 if asked == 3 else 0])
