"""The requests of one message: composed by a plugin in a thread, sent by the one function for typed addresses."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Mapping
from typing import Final, Protocol

import aiohttp
import requests
from opsdash_http.client.typed_address import AddressRefused, Answer, check_typed_address, send_to_typed_address

from opsdash_notifications.chat.answers import ChatFailed, Failure, failed

#: From when a thread begins to compose the message to the last byte of the last answer; a chat may ask for several.
TOTAL_SECONDS: Final = 10.0
MOST_REQUESTS: Final = 10
#: By its value, the id of the notice, a receiver may know a message that it has had.
NOTICE_HEADER: Final = "X-OpsDash-Notice"
_TOO_MANY: Final = 429
_SERVER_ERROR: Final = 500
#: Answers to these would send a client elsewhere, or have it wait.
_LEFT_OUT: Final = frozenset({"location", "content-encoding", "transfer-encoding"})
#: Plugins open an account where they cannot sign in.
_NEVER_ASKED: Final = "/register"


class Send(Protocol):
    """`send_to_typed_address`, or what stands in for it in a test."""

    def __call__(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, plain_http: bool
    ) -> Awaitable[Answer]: ...


class Inspection:
    """Looks where the requests would go, and sends none. `hosts` are theirs, in their order."""

    def __init__(self, *, plain_http: bool) -> None:
        self._plain_http = plain_http
        self.hosts = list[str]()
        self.refusal: AddressRefused | None = None

    def exchange(self, request: requests.PreparedRequest) -> requests.Response:
        try:
            self.hosts.append(check_typed_address(request.url or "", plain_http=self._plain_http).host or "")
        except AddressRefused as error:
            self.refusal = error
        raise requests.ConnectionError("nothing is sent")


class Attempt:
    """Sends them. `failure` says what became of the last."""

    def __init__(self, address: str, notice: str, *, plain_http: bool, send: Send = send_to_typed_address) -> None:
        self._address, self._notice, self._plain_http, self._send = address, notice, plain_http, send
        self._loop = asyncio.get_running_loop()
        self._ends = 0.0
        self._left = MOST_REQUESTS
        self._is_over = False
        self.failure = ChatFailed(Failure.UNREACHABLE, "Nothing could be sent to this address.")

    def begin(self, within: float | None) -> None:
        """In the thread of the plugin: a message that waits for a thread loses no time."""
        self._ends = time.monotonic() + (TOTAL_SECONDS if within is None else within)

    def exchange(self, request: requests.PreparedRequest) -> requests.Response:
        """In the thread of the plugin. Raises requests.ConnectionError, which plugins take for an outage."""
        left = self._ends - time.monotonic()
        if self._is_over or self._left <= 0 or (request.url or "").partition("?")[0].endswith(_NEVER_ASKED):
            raise requests.ConnectionError("no more requests")
        self._left -= 1
        try:
            answer = asyncio.run_coroutine_threadsafe(self._within(left, request), self._loop).result(max(left, 0) + 1)
        except AddressRefused as error:
            self._end(Failure.REFUSED, str(error))
            raise requests.ConnectionError("refused") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._end(Failure.UNREACHABLE, f"It does not answer ({type(error).__name__}).")
            raise requests.ConnectionError("no answer") from error
        self.failure = failed(answer.status, answer.body, self._address)
        self._is_over = answer.status == _TOO_MANY or answer.status >= _SERVER_ERROR
        return _response(request, answer)

    async def _within(self, seconds: float, request: requests.PreparedRequest) -> Answer:
        headers = {name: value for name, value in request.headers.items() if isinstance(value, str)}
        async with asyncio.timeout(seconds):
            return await self._send(
                request.method or "POST",
                request.url or "",
                headers=headers | {NOTICE_HEADER: self._notice},
                body=_body(request),
                plain_http=self._plain_http,
            )

    def _end(self, failure: Failure, words: str) -> None:
        self.failure, self._is_over = ChatFailed(failure, words), True


def _body(request: requests.PreparedRequest) -> bytes:
    body = request.body or b""
    if not isinstance(body, str | bytes):
        raise requests.ConnectionError("nothing is streamed to a chat")
    return body.encode() if isinstance(body, str) else body


def _response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update({name: value for name, value in answer.headers.items() if name.lower() not in _LEFT_OUT})
    response.raw = io.BytesIO(answer.body)
    response.url = request.url or ""
    response.request = request
    return response
