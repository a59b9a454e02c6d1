"""The bare gateway: passes a request on and the answer back."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from litestar import Litestar, Request, Response, route
from yarl import URL

from benchmarks.baseline.server import serve


class Passing:
    """One session to one owner."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._session: aiohttp.ClientSession

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=200)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as self._session:
            yield

    async def forward(self, request: Request[Any, Any, Any]) -> Response[bytes]:
        query = request.scope["query_string"].decode()
        url = URL(f"{self._owner}{request.scope['path']}{'?' if query else ''}{query}", encoded=True)
        headers = {"content-type": "application/json"} if request.method == "POST" else {}
        body = await request.body() or None
        async with self._session.request(request.method, url, data=body, headers=headers) as answer:
            content = await answer.read()
            return Response(content, status_code=answer.status, media_type=answer.headers["content-type"])


def build(passing: Passing) -> Litestar:
    paths = ["/tickets", "/tickets/{reference:str}", "/tickets/{reference:str}/comments"]

    @route(paths, http_method=["GET", "POST"], status_code=200)
    async def pass_on(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await passing.forward(request)

    return Litestar([pass_on], lifespan=[passing.lifespan], openapi_config=None, logging_config=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--owner", required=True)
    options = parser.parse_args()
    serve(build(Passing(options.owner)), options.port)


if __name__ == "__main__":
    main()
