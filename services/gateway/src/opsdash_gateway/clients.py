"""HTTP to the owner services: one session, bounded waits, at most one repeat, bytes passed through unchanged."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from opentelemetry.propagate import inject
from opsdash_chassis.http.problems import Problem, unavailable
from yarl import URL

CONNECT_SECONDS = 0.5
POOL_SECONDS = 1.0
TOTAL_SECONDS = 5.0
MAXIMUM_CONNECTIONS = 200
KEEPALIVE_SECONDS = 30.0  # below the owners' 75 s: we close idle connections before they do
RETRY_PAUSE_SECONDS = (0.02, 0.1)
MAXIMUM_ANSWER_BYTES = 32 * 1024 * 1024

PASSED_REQUEST_HEADERS = ("authorization", "content-type", "if-match", "idempotency-key")
PASSED_RESPONSE_HEADERS = (
    "content-type",
    "etag",
    "location",
    "retry-after",
    "cache-control",
    "idempotency-replayed",
    "www-authenticate",
    "allow",
)
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_FAILED_CONNECTION = (aiohttp.ClientConnectionError, ConnectionError)


@dataclass(frozen=True)
class Answer:
    """What an owner said, to be passed on as it is."""

    status: int
    headers: dict[str, str]
    body: bytes


def open_session() -> aiohttp.ClientSession:
    """The session every owner client shares; close it with the application."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAXIMUM_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS),
        timeout=aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=POOL_SECONDS, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
        skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
    )
    session._retry_connection = False  # noqa: SLF001 - aiohttp would repeat on its own, without a pause
    return session


class OwnerClient:
    """Calls one owner service."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        self._session = session
        self._base_url = base_url

    async def forward(
        self, method: str, path: str, *, query: bytes = b"", headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Raises a 503 problem when the owner cannot be reached or does not answer in time.

        `path` and `query` are sent as they are: the caller has encoded and checked them.
        """
        suffix = f"?{query.decode('ascii')}" if query else ""
        url = URL(f"{self._base_url}{path}{suffix}", encoded=True)
        sent = {name: headers[name] for name in PASSED_REQUEST_HEADERS if name in headers}
        inject(sent)
        repeatable = method in _IDEMPOTENT or (method == "POST" and "idempotency-key" in headers)
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._try(method, url, sent, body, repeatable=repeatable)
        except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
            raise unavailable("A service behind this one does not answer.", 1) from error

    async def _try(
        self, method: str, url: URL, headers: dict[str, str], body: bytes | None, *, repeatable: bool
    ) -> Answer:
        try:
            return await self._send(method, url, headers, body)
        except TimeoutError:
            raise  # a slow owner must not get the same work twice
        except _FAILED_CONNECTION:
            if not repeatable:
                raise
        await asyncio.sleep(random.uniform(*RETRY_PAUSE_SECONDS))  # noqa: S311 - jitter, not a secret
        return await self._send(method, url, headers, body)

    async def _send(self, method: str, url: URL, headers: dict[str, str], body: bytes | None) -> Answer:
        async with self._session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
            content = await response.read()
            return _checked(response, content)


def _checked(response: aiohttp.ClientResponse, content: bytes) -> Answer:
    """Pass on answers an owner means for users; anything else that is no success shows nothing of its inside."""
    if response.status >= 300 and response.content_type != "application/problem+json":  # noqa: PLR2004 - no success
        raise Problem("bad-upstream", "Bad gateway", 502, "A service behind this one gave no usable answer.")
    headers = {name: response.headers[name] for name in PASSED_RESPONSE_HEADERS if name in response.headers}
    return Answer(response.status, headers, content)
