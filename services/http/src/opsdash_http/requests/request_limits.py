"""Outermost check of every request: header limits, host, path and query text; security headers on every answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

import structlog

from opsdash_http.asgi import App, Message, ReadOnlyScope, Receive, Scope, Send
from opsdash_http.errors.problems import Problem, bad_request, internal_error, send_problem, trace_id_of
from opsdash_http.limits import cost
from opsdash_http.requests.addresses import check_host

log = structlog.get_logger(__name__)

Header: TypeAlias = tuple[bytes, bytes]

MAXIMUM_HEADERS = 100
MAXIMUM_HEADER_BYTES = 16 * 1024
#: Longer than any address of ours; the framework remembers the last thousand paths and queries.
MAXIMUM_PATH_BYTES = 2 * 1024
MAXIMUM_QUERY_BYTES = 8 * 1024
#: Where a request's state holds headers for whatever answer it gets; a scheme that renews a cookie uses it.
ANSWER_HEADERS = "answer_headers"
_AT_END = "at_end"

_DEFAULTS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_TRANSPORT_SECURITY = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def at_end(scope: ReadOnlyScope, act: Callable[[], None]) -> None:
    """Have something done when the request is over, however it ends: answered, broken off, or the client gone."""
    scope["state"].setdefault(_AT_END, []).append(act)


def headers_too_large() -> Problem:
    detail = f"At most {MAXIMUM_HEADERS} headers of together {MAXIMUM_HEADER_BYTES} bytes are accepted."
    return Problem("headers-too-large", "Request header fields too large", 431, detail, headers={"Connection": "close"})


def check_headers(headers: list[tuple[bytes, bytes]]) -> None:
    """Count as HTTP/1.1 sends them: name, colon, space, value, line end."""
    size = sum(len(name) + len(value) + 4 for name, value in headers)
    if len(headers) > MAXIMUM_HEADERS or size > MAXIMUM_HEADER_BYTES:
        raise headers_too_large()


def check_address(path: bytes, query: bytes) -> None:
    """Raises a 414 problem, or a 400 one for bytes that no decoder may replace silently."""
    if len(path) > MAXIMUM_PATH_BYTES or len(query) > MAXIMUM_QUERY_BYTES:
        detail = f"The path may have {MAXIMUM_PATH_BYTES} bytes at most, the query {MAXIMUM_QUERY_BYTES}."
        raise Problem("address-too-long", "Address too long", 414, detail)
    check_text(path, "path")
    check_text(query, "query")


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


class RequestLimits:
    """ASGI middleware around everything else: refuses what is over the limits, and gives every answer its headers."""

    def __init__(
        self,
        app: App,
        *,
        transport_security: bool,
        page_headers: Mapping[str, str] | None = None,
        reports_cost: bool = False,
        allowed_hosts: Collection[str] = (),
    ) -> None:
        self._app = app
        self._allowed_hosts = frozenset(allowed_hosts)
        self._reports_cost = reports_cost
        always = [*_DEFAULTS, *([_TRANSPORT_SECURITY] if transport_security else [])]
        page = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (page_headers or {}).items()
        ]
        self._defaults = always, [*page, *always]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        guarded = SecurityHeaders(scope, send, *self._defaults, reports_cost=self._reports_cost)
        try:
            check_headers(scope["headers"])
            check_host(scope["headers"], self._allowed_hosts)
            check_address(scope.get("raw_path", b"").partition(b"?")[0], scope.get("query_string", b""))
            await self._app(scope, receive, guarded)
        except Problem as problem:
            await send_problem(problem, scope, guarded)
        except Exception:
            log.exception("unhandled_error")
            if guarded.started:
                raise
            await send_problem(internal_error(), scope, guarded)
        finally:
            for act in scope["state"].pop(_AT_END, ()):
                act()


class SecurityHeaders:
    """The `send` of one request: adds the headers every answer must have; what a handler set itself wins."""

    def __init__(
        self, scope: Scope, send: Send, other: list[Header], page: list[Header], *, reports_cost: bool
    ) -> None:
        self._scope = scope
        self._send = send
        self._other = other
        self._page = page
        self._trace_id = trace_id_of(scope).encode("ascii")
        self._reports_cost = reports_cost
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = [*message.get("headers", ()), (b"x-request-id", self._trace_id)]
            headers += self._scope["state"].get(ANSWER_HEADERS, ())
            if self._reports_cost:
                headers.append((cost.HEADER.encode("ascii"), cost.current_cost().told()))
            message["headers"] = _completed(headers, self._page if _is_page(headers) else self._other)
        await self._send(message)


def _is_page(headers: Iterable[Header]) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)


def _completed(headers: list[Header], defaults: Iterable[Header]) -> list[Header]:
    """The headers, and each default whose name is not among them yet."""
    present = {name for name, _ in headers}
    for name, value in defaults:
        if name not in present:
            headers.append((name, value))
            present.add(name)
    return headers
