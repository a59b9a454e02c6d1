"""HEAD is answered wherever GET is: the same status and headers, and no body (RFC 9110, 9.3.2); OPTIONS names it."""

from __future__ import annotations

from typing import cast

from litestar import Litestar
from litestar.routes import HTTPRoute

from opsdash_http.asgi import App, Message, Receive, Scope, Send
from opsdash_http.errors.problems import from_status
from opsdash_http.types import HttpRequest, RouteOptions

#: `opt` of a GET that does more than tell: it is no HEAD.
NOT_FOR_HEAD: RouteOptions = {"not_for_head": True}
_ASKED = "head_was_asked"


class Head:
    """ASGI middleware: to the application a HEAD is a GET, of whose answer the head is sent.

    Of a path with several handlers the framework's OPTIONS names the methods of one; here it names all.
    """

    def __init__(self, app: Litestar) -> None:
        self._app = cast("App", app)
        self._allowed = {route.path_format: _methods_of(route) for route in app.routes if isinstance(route, HTTPRoute)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "HEAD":
            await self._app(scope, receive, self._naming(scope, send) if scope.get("method") == "OPTIONS" else send)
            return
        scope["state"][_ASKED] = True
        await self._app({**scope, "method": "GET"}, receive, _WithoutBody(send))

    def _naming(self, scope: Scope, send: Send) -> Send:
        async def name(message: Message) -> None:
            methods = self._allowed.get(scope.get("path_template", ""))
            if methods and message["type"] == "http.response.start":
                others = [header for header in message["headers"] if header[0] != b"allow"]
                message["headers"] = [*others, (b"allow", methods)]
            await send(message)

        return name


def _methods_of(route: HTTPRoute) -> bytes:
    methods = {method for handler in route.route_handlers for method in handler.http_methods}
    takes_head = any(
        "GET" in handler.http_methods and not NOT_FOR_HEAD.keys() <= handler.opt.keys()
        for handler in route.route_handlers
    )
    return ", ".join(sorted(methods | ({"HEAD"} if takes_head else set()))).encode("ascii")


def check_head(request: HttpRequest) -> None:
    """Raise the 405 problem for a HEAD that a route does not take."""
    if _ASKED in request.scope["state"] and NOT_FOR_HEAD.keys() <= request.route_handler.opt.keys():
        problem = from_status(405)
        problem.headers["Allow"] = ", ".join(sorted({*request.route_handler.http_methods, "OPTIONS"}))
        raise problem


def with_head(allow: str) -> str:
    """An `Allow` of the framework, which knows of GET only."""
    methods = {method.strip() for method in allow.split(",")}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


class _WithoutBody:
    """Ends the answer with its head. A stream that goes on is told by the server that nobody reads any more."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._ended = False

    async def __call__(self, message: Message) -> None:
        if self._ended:
            return
        await self._send(message if message["type"] == "http.response.start" else {"type": "http.response.body"})
        self._ended = message["type"] != "http.response.start"
