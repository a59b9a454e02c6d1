"""What uvicorn does not do by itself: the test of it alone fails when it does, and our part can go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from opsdash_http.server.compat import DecliningProtocol
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

REQUEST = (
    b"POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAAB\r\nContent-Length: 4\r\n\r\nbody"
)


@pytest.mark.parametrize(("protocol", "body"), [(HttpToolsProtocol, b""), (DecliningProtocol, b"body")])
async def test_a_body_behind_an_offer_of_another_protocol(protocol: type[HttpToolsProtocol], body: bytes) -> None:
    read = bytearray()
    asked = asyncio.Event()

    async def application(_: Any, receive: Any, send: Any) -> None:
        message = await receive()
        read.extend(message.get("body", b""))
        asked.set()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    config = Config(application, lifespan="off", log_config=None)
    config.load()
    server = await asyncio.get_running_loop().create_server(
        lambda: protocol(config=config, server_state=ServerState(), app_state={}), "127.0.0.1"
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(REQUEST)
        try:
            async with asyncio.timeout(0.5):
                await asked.wait()
                assert (await reader.readline()).startswith(b"HTTP/1.1 204")
        except TimeoutError:
            assert not body
        writer.close()
    assert bytes(read) == body
