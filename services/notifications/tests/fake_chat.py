"""A chat that people of tests have set up: a Mattermost that answers as it is told, and keeps what it has taken."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer
from opsdash_http.client.typed_address import Answer, send_to_typed_address
from opsdash_notifications.chat.attempt import NOTICE_HEADER

#: What a test lets pass for a public address, so that its own server can be reached.
STAND_IN = "127.0.0.2"
HOST = "chat.example.test"


class Resolver(AbstractResolver):
    """Every name leads to the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
            )
            for each in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True)
class Taken:
    """One message."""

    token: str
    text: str
    notice: str


@dataclass
class FakeChat:
    """`answers` are by the token of a hook: a status, or None to answer never."""

    taken: list[Taken] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    answers: dict[str, int | None] = field(default_factory=dict)
    words: str = "ok"
    server: TestServer | None = None
    _closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        application = web.Application()
        application.router.add_post("/hooks/{token}", self._hook)
        self.server = TestServer(application, host=STAND_IN)
        await self.server.start_server()

    async def stop(self) -> None:
        self._closing.set()
        if self.server is not None:
            await self.server.close()

    def address(self, token: str) -> str:
        assert self.server is not None
        return f"mmost://{HOST}:{self.server.port}/{token}"

    @property
    def texts(self) -> list[str]:
        return [each.text for each in self.taken]

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, plain_http: bool) -> Answer:
        """As the product sends, to this chat whatever the name."""
        resolver = Resolver(STAND_IN)
        return await send_to_typed_address(
            method, url, headers=headers, body=body, plain_http=plain_http, resolver=resolver
        )

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        token = request.match_info["token"]
        self.asked.append(token)
        status = self.answers.get(token, 200)
        if status is None:
            await self._closing.wait()
        if status == 302:
            return web.Response(status=302, headers={"Location": f"/hooks/{token}-elsewhere"})
        if status == 200:
            text = json.loads(await request.read())["text"]
            self.taken.append(Taken(token, text, request.headers[NOTICE_HEADER]))
        return web.Response(status=status or 200, text=self.words)
