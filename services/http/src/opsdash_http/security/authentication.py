"""Authentication of every request: who calls, are the query and the body headers acceptable.

A route says in `opt={"authentication": ...}` who may call it: USER (the default: a verified user),
`Services` (the tokens of those), PUBLIC (anybody), another ServiceToken, or the name of a scheme the application adds.
Forgetting it is safe.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

import structlog
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from opsdash_http.asgi import ReadOnlyScope
from opsdash_http.errors.head import check_head
from opsdash_http.errors.problems import Problem, unauthenticated
from opsdash_http.limits.cost import current_cost
from opsdash_http.limits.queues import Queues
from opsdash_http.limits.rate_limits import RateLimit
from opsdash_http.requests.addresses import source_of
from opsdash_http.requests.query import check_query
from opsdash_http.requests.request_limits import ANSWER_HEADERS, at_end
from opsdash_http.requests.requests import check_body_headers
from opsdash_http.requests.telemetry import OPEN_ENDED
from opsdash_http.security.internal import ServiceToken, bearer_token
from opsdash_http.security.tokens import Caller, InvalidToken, TokenVerifier, VerifiedTokens
from opsdash_http.types import HttpConnection, HttpRequest

log = structlog.get_logger(__name__)

USER = "user"
PUBLIC = "public"
_STATE = "opsdash_caller"
_LEAVE = "opsdash_leave_queue"

Connection: TypeAlias = HttpConnection
#: Checks an access token; raises InvalidToken, or Unavailable while no key of the issuer is known.
Verify: TypeAlias = Callable[[str], Awaitable[Caller]]


class AuthScheme(Protocol):
    """Another way to show who calls, such as a session cookie; raises a problem when it shows nothing."""

    async def __call__(self, connection: Connection, verify: Verify) -> Caller: ...


@dataclass(frozen=True, slots=True)
class Services:
    """The services that may call a route, each with a token of its own."""

    names: tuple[str, ...]


class Authenticator:
    """Runs before any parameter or body is looked at, so an unknown caller learns nothing from them."""

    def __init__(
        self,
        tokens: TokenVerifier | VerifiedTokens,
        *,
        callers: Mapping[str, ServiceToken] | None = None,
        user_limit: RateLimit | None = None,
        user_queues: Queues | None = None,
        auth_schemes: Mapping[str, AuthScheme] | None = None,
        address_limit: RateLimit | None = None,
    ) -> None:
        self._tokens = tokens
        self._schemes: dict[str, AuthScheme] = {USER: _bearer, **(auth_schemes or {})}
        self._user_limit = user_limit
        self._user_queues = user_queues
        self._callers = dict(callers or {})
        self._address_limit = address_limit

    async def authenticate(self, request: HttpRequest) -> None:
        """The `before_request` of an application. Not a guard: the framework copies the route for every call of one."""
        check_head(request)
        scheme = request.route_handler.opt.get("authentication", USER)
        if scheme in self._schemes:
            caller = request.scope["state"][_STATE] = await self._caller(request, self._schemes[scheme])
            await self._count(request, caller.user_id)
        elif isinstance(scheme, Services):
            self._service(request, [self._callers[name] for name in scheme.names])
        elif isinstance(scheme, ServiceToken):
            self._service(request, [scheme])
        elif scheme == PUBLIC:
            self.count_address(request)
        else:
            raise RuntimeError("unknown authentication scheme on a route")
        check_query(request)
        check_body_headers(request)

    async def _caller(self, request: HttpRequest, scheme: AuthScheme) -> Caller:
        """Raises what the scheme raises; what shows nobody counts for the address it came from."""
        try:
            return await scheme(request, self._tokens.verify)
        except Problem:
            self.count_address(request)
            raise

    def count_address(self, request: HttpRequest) -> None:
        """Raises the 429 problem."""
        if self._address_limit is not None:
            self._address_limit.check(source_of(request.scope))

    async def _count(self, request: HttpRequest, user_id: UUID) -> None:
        """Raises the 429 problem: too many requests, or those before cost too much."""
        limit = self._user_limit
        if limit is not None:
            try:
                limit.check(user_id)
            finally:
                request.scope["state"].setdefault(ANSWER_HEADERS, []).extend(limit.headers(user_id))
            current_cost().is_paid_by(limit, user_id)
        if self._user_queues is not None:
            request.scope["state"][_LEAVE] = leave = await self._user_queues.enter(user_id)
            at_end(request.scope, leave)
            if limit is not None:
                limit.check_again(user_id)

    def require_on_every_route(self, app: Litestar) -> None:
        """Refuse an application with a route that is reached another way: not HTTP, cached, or by a hook of its own."""
        for route in app.routes:
            if not isinstance(route, HTTPRoute) or not all(map(self._is_before, route.route_handlers)):
                raise RuntimeError(f"{route.path} could be reached without authentication")

    def _is_before(self, handler: HTTPRouteHandler) -> bool:
        scheme = handler.opt.get("authentication")
        known = not isinstance(scheme, Services) or (scheme.names and self._callers.keys() >= set(scheme.names))
        return bool(known) and handler.resolve_before_request() == self.authenticate and not handler.cache

    @staticmethod
    def _service(connection: Connection, accepted: Sequence[ServiceToken]) -> None:
        presented = bearer_token(connection.scope)
        if presented is None or not sum(token.accepts(presented) for token in accepted):
            raise accepted[0].refusal(connection.scope)


async def _bearer(connection: Connection, verify: Verify) -> Caller:
    token = bearer_token(connection.scope)
    if token is None:
        raise unauthenticated()
    try:
        return await verify(token.decode("latin-1"))
    except InvalidToken as error:
        log.debug("token_refused", reason=str(error))
        raise unauthenticated() from None


async def provide_caller(request: HttpRequest) -> Caller:
    """The dependency `caller: NamedDependency[Caller]` of handlers behind USER."""
    return caller_of(request)


def caller_of(request: HttpRequest) -> Caller:
    """Whom the authenticator has verified."""
    caller: Caller | None = request.scope["state"].get(_STATE)
    if caller is None:
        raise RuntimeError("this route does not authenticate users")
    return caller


def goes_on(scope: ReadOnlyScope) -> None:
    """The answer lasts as long as the client likes: it is none of the requests that a person may have at once."""
    scope["state"][OPEN_ENDED] = True
    if leave := scope["state"].get(_LEAVE):
        leave()
