"""The one gate of every application: who calls, are the query and the body headers acceptable.

A route says in `opt={"authentication": ...}` who may call it: CALLER (the default: a verified user),
SERVICE (the internal token), NOBODY (public), another ServiceToken, or the name of a rule the application adds.
Forgetting it is safe.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

import structlog
from litestar import Litestar
from litestar.connection import ASGIConnection, Request
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from opsdash_chassis.http.internal import ServiceToken, bearer_token
from opsdash_chassis.http.problems import unauthenticated
from opsdash_chassis.http.query import check_query
from opsdash_chassis.http.rate_limits import RateLimit
from opsdash_chassis.http.requests import check_body_headers
from opsdash_chassis.http.tokens import Caller, InvalidToken, TokenVerifier, VerifiedTokens

log = structlog.get_logger(__name__)

CALLER = "caller"
SERVICE = "service"
NOBODY = "nobody"
_STATE = "opsdash_caller"

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
#: Checks an access token; raises InvalidToken, or Unavailable while no key of the issuer is known.
Verify: TypeAlias = Callable[[str], Awaitable[Caller]]


class Rule(Protocol):
    """Another way to show who calls, such as a session cookie; raises a problem when it shows nothing."""

    async def __call__(self, connection: Connection, verify: Verify) -> Caller: ...


class Gatekeeper:
    """Runs before any parameter or body is looked at, so an unknown caller learns nothing from them."""

    def __init__(
        self,
        tokens: TokenVerifier | VerifiedTokens,
        service_token: ServiceToken,
        *,
        user_limit: RateLimit | None = None,
        rules: Mapping[str, Rule] | None = None,
    ) -> None:
        self._tokens = tokens
        self._rules: dict[str, Rule] = {CALLER: _bearer, **(rules or {})}
        self._user_limit = user_limit
        self._service_token = service_token

    async def admit(self, request: Request[Any, Any, Any]) -> None:
        """The `before_request` of an application. Not a guard: the framework copies the route for every call of one."""
        rule = request.route_handler.opt.get("authentication", CALLER)
        if rule in self._rules:
            caller = request.scope["state"][_STATE] = await self._rules[rule](request, self._tokens.verify)
            if self._user_limit is not None:
                self._user_limit.check(caller.user_id)
        elif rule == SERVICE:
            self._service(request, self._service_token)
        elif isinstance(rule, ServiceToken):
            self._service(request, rule)
        elif rule != NOBODY:
            raise RuntimeError("unknown authentication rule on a route")
        check_query(request)
        check_body_headers(request)

    def require_on_every_route(self, app: Litestar) -> None:
        """Refuse an application with a route that is reached another way: not HTTP, cached, or by a hook of its own."""
        for route in app.routes:
            if not isinstance(route, HTTPRoute) or not all(map(self._is_before, route.route_handlers)):
                raise RuntimeError(f"{route.path} could be reached without authentication")

    def _is_before(self, handler: HTTPRouteHandler) -> bool:
        return handler.resolve_before_request() == self.admit and not handler.cache

    @staticmethod
    def _service(connection: Connection, accepted: ServiceToken) -> None:
        presented = bearer_token(connection.scope)
        if presented is None or not accepted.accepts(presented):
            raise accepted.refusal(connection.scope)


async def _bearer(connection: Connection, verify: Verify) -> Caller:
    token = bearer_token(connection.scope)
    if token is None:
        raise unauthenticated()
    try:
        return await verify(token.decode("latin-1"))
    except InvalidToken as error:
        log.debug("token_refused", reason=str(error))
        raise unauthenticated() from None


async def provide_caller(request: Request[Any, Any, Any]) -> Caller:
    """The dependency `caller: NamedDependency[Caller]` of handlers behind CALLER."""
    return caller_of(request)


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """Whom the gate has verified."""
    caller: Caller | None = request.scope["state"].get(_STATE)
    if caller is None:
        raise RuntimeError("this route does not authenticate users")
    return caller
