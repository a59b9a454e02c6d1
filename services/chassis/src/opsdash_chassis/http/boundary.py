"""Outermost check of every request: header limits, path and query text; security headers on every answer."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import structlog

from opsdash_chassis.http.asgi import App, Message, Receive, Scope, Send
from opsdash_chassis.http.problems import (
    Problem,
    bad_request,
    internal_error,
    send_problem,
    trace_id_of,
)

log = structlog.get_logger(__name__)

MAXIMUM_HEADERS = 100
MAXIMUM_HEADER_BYTES = 16 * 1024

_SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")
_NO_CONTENT_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def headers_too_large() -> Problem:
    detail = f"At most {MAXIMUM_HEADERS} headers of together {MAXIMUM_HEADER_BYTES} bytes are accepted."
    return Problem("headers-too-large", "Request header fields too large", 431, detail, headers={"Connection": "close"})


def check_headers(headers: list[tuple[bytes, bytes]]) -> None:
    """Count as HTTP/1.1 sends them: name, colon, space, value, line end."""
    size = sum(len(name) + len(value) + 4 for name, value in headers)
    if len(headers) > MAXIMUM_HEADERS or size > MAXIMUM_HEADER_BYTES:
        raise headers_too_large()


def check_text(raw: bytes, where: str) -> None:
    """Refuse percent-encoded bytes that are not UTF-8, and NUL, before a decoder replaces them silently."""
    if b"%" not in raw and b"\x00" not in raw and raw.isascii():
        return
    value = unquote_to_bytes(raw)
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("invalid-encoding", f"The {where} is not valid UTF-8.") from None
    if b"\x00" in value:
        raise bad_request("invalid-encoding", f"The {where} contains a NUL character.")


class Boundary:
    """ASGI middleware around everything else, so that no answer leaves without it."""

    def __init__(self, app: App, *, transport_security: bool) -> None:
        self._app = app
        self._headers = [*_SECURITY_HEADERS, *([_TRANSPORT_SECURITY] if transport_security else [])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = _Answer(send, self._headers, trace_id_of(scope))
        try:
            check_headers(scope["headers"])
            check_text(scope.get("raw_path", b"").partition(b"?")[0], "path")
            check_text(scope.get("query_string", b""), "query")
            await self._app(scope, receive, guarded)
        except Problem as problem:
            await send_problem(problem, scope, guarded)
        except Exception:
            log.exception("unhandled_error")
            if guarded.started:
                raise
            await send_problem(internal_error(), scope, guarded)


class _Answer:
    """Adds the headers every answer must have; what a handler set itself wins."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]], trace_id: str) -> None:
        self._send = send
        self._headers = headers
        self._trace_id = trace_id.encode("ascii")
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = [*message.get("headers", ()), *self._headers, (b"x-request-id", self._trace_id)]
            present = {name for name, _ in headers}
            headers += [pair for pair in (_NO_STORE, _NO_CONTENT_POLICY) if pair[0] not in present]
            message["headers"] = headers
        await self._send(message)
