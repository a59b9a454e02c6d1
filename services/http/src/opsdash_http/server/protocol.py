"""The HTTP/1.1 protocol of the server: refusals that happen before the application are problems too."""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any, cast
from uuid import uuid4

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from opsdash_http.errors.problems import MEDIA_TYPE, Problem, bad_request, body_of
from opsdash_http.requests.request_limits import MAXIMUM_HEADER_BYTES, MAXIMUM_HEADERS, headers_too_large
from opsdash_http.server.compat import DecliningProtocol
from opsdash_http.server.joined_writes import JoinedWrites

HEADER_SECONDS = 10.0
REST_SECONDS = 5.0
_LARGEST_HEAD_BYTES = 2 * MAXIMUM_HEADER_BYTES


class ProblemProtocol(DecliningProtocol):
    """Adds to uvicorn: a bounded request head, a deadline for it, problem bodies for unreadable requests, and one write
    for an answer.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head_bytes = 0
        self._head_timer: TimerHandle | None = None
        self._rest_timer: TimerHandle | None = None
        self.access_log = False  # uvicorn decides by handlers; a request line may hold private text

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # uvicorn narrows it the same way
        super().connection_made(cast("Transport", JoinedWrites(transport, self.loop)))
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_complete()
        self._rest_is_complete()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        if self._head_timer is None:
            self._expect_head()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count(len(name) + len(value) + 4)

    def on_headers_complete(self) -> None:
        self._head_is_complete()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Let a client that still sends its body read the answer first: closing now would reset it away."""
        if self.cycle.more_body:
            self._rest_timer = self.loop.call_later(REST_SECONDS, self._close)
        super().on_response_complete()

    def on_message_complete(self) -> None:
        self._rest_is_complete()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser's words are not for clients
        too_large = self._head_bytes > _LARGEST_HEAD_BYTES or len(self.headers or ()) > MAXIMUM_HEADERS
        self._refuse(headers_too_large() if too_large else bad_request("invalid-http", "This is not valid HTTP."))

    def _count(self, size: int) -> None:
        """Raising stops the parser; uvicorn then asks for the answer. A small excess is the boundary's."""
        self._head_bytes += size
        if self._head_bytes > _LARGEST_HEAD_BYTES or len(self.headers) > 2 * MAXIMUM_HEADERS:
            raise ValueError("request head too large")

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEADER_SECONDS, self._close)

    def _head_is_complete(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

    def _rest_is_complete(self) -> None:
        if self._rest_timer:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _close(self) -> None:
        if self.transport and not self.transport.is_closing():
            self.transport.close()

    def _refuse(self, problem: Problem) -> None:
        trace_id = uuid4().hex
        body = body_of(problem, "/", trace_id)
        head = (
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {trace_id}\r\n"
            "x-content-type-options: nosniff\r\ncache-control: no-store\r\n"
            "referrer-policy: no-referrer\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(STATUS_LINE[problem.status] + head.encode("ascii") + body)
        self.transport.close()
