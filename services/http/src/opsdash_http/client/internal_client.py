"""Asks another service of ours on its internal routes, with the token that services show each other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TypeVar

import aiohttp
import msgspec
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.tracing import inject

from opsdash_http.client.bounded_body import bounded_body

CONNECT_SECONDS = 0.5
TOTAL_SECONDS = 1.5
RETRY_AFTER_SECONDS = 2
MOST_BYTES = 16 * 1024

Found = TypeVar("Found")


class InternalClient:
    """One session to one service."""

    def __init__(self, service: str, base_url: str, token: str) -> None:
        self._base_url = base_url
        self._token = token
        self._session: aiohttp.ClientSession | None = None
        self._dependency = Dependency(service)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        timeout = aiohttp.ClientTimeout(total=TOTAL_SECONDS, sock_connect=CONNECT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as self._session:
            yield

    async def find(self, path: str, kind: type[Found], *, otherwise: str, most_bytes: int = MOST_BYTES) -> Found | None:
        """What the service has there; None where it answers 404. Raises Unavailable, which says `otherwise`."""
        if self._session is None:
            raise Unavailable("The service is starting.")
        unavailable = Unavailable(otherwise, retry_after_seconds=RETRY_AFTER_SECONDS)
        headers = {"Authorization": f"Bearer {self._token}"}
        inject(headers)
        try:
            async with self._session.get(self._base_url + path, headers=headers, allow_redirects=False) as answer:
                body = await bounded_body(answer, most_bytes)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            self._dependency.away(repr(error))
            raise unavailable from error
        self._dependency.back()
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if answer.status != HTTPStatus.OK:
            raise unavailable
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise unavailable from error
