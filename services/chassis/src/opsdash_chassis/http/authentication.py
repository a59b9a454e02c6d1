"""The one guard of every application: who calls, are the query and the body headers acceptable.

A route says in `opt={"authentication": ...}` who may call it: CALLER (the default: a verified user),
SERVICE (the internal token), NOBODY (public), another ServiceToken, or the name of a rule the application adds.
Forgetting it is safe.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

import structlog
from litestar.connection import ASGIConnection, Request
from litestar.handlers import BaseRouteHandler

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

    async def guard(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """The Litestar guard."""
        rule = handler.opt.get("authentication", CALLER)
        if rule in self._rules:
            caller = connection.scope["state"][_STATE] = await self._rules[rule](connection, self._tokens.verify)
            if self._user_limit is not None:
                self._user_limit.check(caller.user_id)
        elif rule == SERVICE:
            self._service(connection, self._service_token)
        elif isinstance(rule, ServiceToken):
            self._service(connection, rule)
        elif rule != NOBODY:
            raise RuntimeError("unknown authentication rule on a route")
        check_query(connection)
        if isinstance(connection, Request):
            check_body_headers(connection)

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
    """Whom the guard has verified."""
    caller: Caller | None = request.scope["state"].get(_STATE)
    if caller is None:
        raise RuntimeError("this route does not authenticate users")
    return caller
