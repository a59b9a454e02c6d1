"""HTTP to the upstream services: one session, bounded waits, at most one repeat, bytes passed through unchanged."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import aiohttp
import structlog
from opsdash_chassis.observability.tracing import inject
from opsdash_http.client.bounded_body import bounded_body
from opsdash_http.client.compat import never_repeat
from opsdash_http.errors.problems import Problem, not_found, unavailable
from opsdash_http.limits.cost import current_cost
from yarl import URL

from opsdash_gateway.upstream.answers import MOST_BYTES, Answer, most_bytes
from opsdash_gateway.upstream.circuit_breaker import Breaker

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 1.5  # measured by our own loop, which a flood of clients keeps busy
POOL_SECONDS = 2.5
TOTAL_SECONDS = 5.0
HIDE_SECONDS = 1.0
MAXIMUM_CONNECTIONS = 200
MAXIMUM_STREAMS = 20  # a slow reader holds one as long as it likes, so these are not the ones of all other calls
KEEPALIVE_SECONDS = 30.0  # below the upstreams' 75 s: we close idle connections before they do
RETRY_PAUSE_SECONDS = (0.02, 0.1)
STREAM_CHUNK_BYTES = 64 * 1024

FORWARDED_REQUEST_HEADERS = ("authorization", "content-type", "if-match", "idempotency-key")
FORWARDED_RESPONSE_HEADERS = (
    "content-type",
    "content-disposition",
    "etag",
    "location",
    "retry-after",
    "cache-control",
    "idempotency-replayed",
    "www-authenticate",
    "allow",
)
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})
Service = Literal["tickets", "comments", "notifications"]
_FAILED_CONNECTION = (aiohttp.ClientConnectionError, ConnectionError)


def open_session(*, connections: int = MAXIMUM_CONNECTIONS) -> aiohttp.ClientSession:
    """The session every upstream client shares; close it with the application."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=KEEPALIVE_SECONDS),
        # Each call bounds its whole time itself; a second clock beside that is work for nothing.
        timeout=aiohttp.ClientTimeout(total=None, connect=POOL_SECONDS, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
        skip_auto_headers=("User-Agent", "Content-Type", "Accept"),
    )
    never_repeat(session)
    return session


@dataclass(frozen=True)
class Upstreams:
    """A client for each upstream service."""

    tickets: UpstreamClient
    comments: UpstreamClient
    notifications: UpstreamClient

    async def hide_comments(self, ticket_path: str, headers: Mapping[str, str]) -> None:
        """A ticket has just been deleted: let the comments service refresh it before anybody is told so.

        It learns of deletions by events, and would show and take comments for a moment more. One that does not answer
        is left to the event.
        """
        caller = {"authorization": headers["authorization"]}
        with suppress(Problem):
            await self.comments.forward("PUT", f"{ticket_path}/thread", headers=caller, seconds=HIDE_SECONDS)


class Unanswered(Exception):
    """Which service gave no answer and why, for the log; callers are told less."""

    def __init__(self, service: str, error: Exception) -> None:
        super().__init__(f"{service}: {error!r}")


class UpstreamClient:
    """Calls one upstream service, unless it has just shown not to be there.

    Without a `base_url` this installation does not have it: there is nothing at its addresses.
    """

    def __init__(
        self,
        service: Service,
        session: aiohttp.ClientSession,
        base_url: str | None,
        *,
        streams: aiohttp.ClientSession | None = None,
    ) -> None:
        self._session = session
        self._streams = streams or session
        self._base_url = base_url
        self._service = service
        self._breaker = Breaker(service)

    @property
    def is_installed(self) -> bool:
        return self._base_url is not None

    async def forward(
        self,
        method: str,
        path: str,
        *,
        query: bytes = b"",
        headers: Mapping[str, str],
        body: bytes | None = None,
        seconds: float | None = None,
        own: Mapping[str, str] | None = None,
    ) -> Answer:
        """Raises a 503 problem when the upstream is away or does not answer in time, 502 when it says too much, 404
        when it is not installed.

        `path` and `query` are sent as they are: the caller has encoded and checked them. Of `headers`, which are a
        client's, those are sent that clients may send; `own` are the gateway's.
        """
        url, sent = self._request(path, query, headers)
        sent |= own or {}
        repeatable = method in _IDEMPOTENT or (method == "POST" and "idempotency-key" in headers)
        try:
            with self._breaker.call():
                async with asyncio.timeout(seconds or TOTAL_SECONDS):
                    return await self._try(method, url, sent, body, most_bytes(path), repeatable=repeatable)
        except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
            raise unavailable("A service behind this one does not answer.", 1) from Unanswered(self._service, error)

    async def stream(
        self, path: str, *, query: bytes = b"", headers: Mapping[str, str]
    ) -> tuple[Answer, AsyncIterator[bytes] | None]:
        """A GET whose body is forwarded as it comes; None instead of a stream when the answer is complete.

        Raises a 503 problem when the upstream is away. An upstream that fails later ends the stream early, and
        the client sees a broken transfer, never a short file that looks whole.
        """
        url, sent = self._request(path, query, headers)
        timeout = aiohttp.ClientTimeout(
            total=None, connect=POOL_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=TOTAL_SECONDS
        )
        try:
            with self._breaker.call():
                response = await self._streams.get(url, headers=sent, timeout=timeout, allow_redirects=False)
            if not response.ok:
                return await _whole(response, MOST_BYTES), None
        except (TimeoutError, aiohttp.ClientError, ConnectionError) as error:
            raise unavailable("A service behind this one does not answer.", 1) from Unanswered(self._service, error)
        return _checked(response, b""), _chunks(response)

    def _request(self, path: str, query: bytes, headers: Mapping[str, str]) -> tuple[URL, dict[str, str]]:
        if self._base_url is None:
            raise not_found()
        suffix = f"?{query.decode('ascii')}" if query else ""
        sent = {name: headers[name] for name in FORWARDED_REQUEST_HEADERS if name in headers}
        inject(sent)
        return URL(f"{self._base_url}{path}{suffix}", encoded=True), sent

    async def _try(
        self, method: str, url: URL, headers: dict[str, str], body: bytes | None, most: int, *, repeatable: bool
    ) -> Answer:
        try:
            return await self._send(method, url, headers, body, most)
        except TimeoutError:
            raise  # a slow upstream must not get the same work twice
        except _FAILED_CONNECTION:
            if not repeatable:
                raise
        await asyncio.sleep(random.uniform(*RETRY_PAUSE_SECONDS))  # noqa: S311 - jitter, not a secret
        return await self._send(method, url, headers, body, most)

    async def _send(self, method: str, url: URL, headers: dict[str, str], body: bytes | None, most: int) -> Answer:
        async with self._session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
            return await _whole(response, most)


async def _whole(response: aiohttp.ClientResponse, most: int) -> Answer:
    """An answer that is complete. One that is too long is read no further, and its connection is closed."""
    try:
        return _checked(response, await bounded_body(response, most))
    except ValueError:
        log.error("answer_too_long", path=response.url.path, most=most)
        response.close()
        raise _bad_upstream() from None


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body piece by piece; the connection is given up when the client leaves."""
    async with response:
        async for chunk in response.content.iter_chunked(STREAM_CHUNK_BYTES):
            yield chunk


def _checked(response: aiohttp.ClientResponse, content: bytes) -> Answer:
    """Forward answers an upstream means for users; anything else that is no success shows nothing of its inside.

    The caller pays for what the upstream did.
    """
    current_cost().add(response.headers)
    if response.status >= 300 and response.content_type != "application/problem+json":  # noqa: PLR2004 - no success
        raise _bad_upstream()
    headers = {name: response.headers[name] for name in FORWARDED_RESPONSE_HEADERS if name in response.headers}
    return Answer(response.status, headers, content)


def _bad_upstream() -> Problem:
    return Problem("bad-upstream", "Bad gateway", 502, "A service behind this one gave no usable answer.")
