"""Puts the parts together: `create_app` is all a service's composition root calls for its HTTP side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, cast

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler
from opsdash_chassis.observability.descriptors import descriptors_left
from opsdash_chassis.observability.health import Health
from opsdash_chassis.settings import Profile, ServiceSettings

from opsdash_http.asgi import App
from opsdash_http.errors.exceptions import Mappings, exception_handlers
from opsdash_http.errors.head import Head
from opsdash_http.errors.problems import PUBLIC_PREFIX
from opsdash_http.limits.cost import measured
from opsdash_http.limits.queues import Queues
from opsdash_http.limits.rate_limits import RateLimit
from opsdash_http.operations import OPERATIONS_PATHS, operations_router
from opsdash_http.requests.request_limits import RequestLimits
from opsdash_http.requests.requests import BoundedRequest
from opsdash_http.requests.telemetry import Telemetry
from opsdash_http.security.authentication import Authenticator, AuthScheme, provide_caller
from opsdash_http.security.internal import ServiceToken
from opsdash_http.security.keys import KeySet
from opsdash_http.security.tokens import TokenVerifier, UserIds, VerifiedTokens

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class PublicOptions:
    """What an application does more when strangers call it.

    `page_headers` go out with every HTML answer, whoever wrote it; `allowed_hosts` are the names it is called by, none
    for any; `address_limit` is for callers who show no user. Their trace context is not taken over.
    """

    page_headers: Mapping[str, str]
    allowed_hosts: Collection[str]
    address_limit: RateLimit


@dataclass(frozen=True)
class Application:
    """An ASGI application: the framework's app inside the checks that see every request."""

    litestar: Litestar
    health: Health
    asgi: App
    operations: App | None = field(default=None)
    public_prefix: str = ""
    on_drain: Sequence[Callable[[], None]] = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.public_prefix and scope.get("path") not in OPERATIONS_PATHS:
            scope.setdefault("state", {})[PUBLIC_PREFIX] = self.public_prefix
        await measured(cast("Coroutine[Any, Any, None]", self.asgi(scope, receive, send)))


def create_app(
    settings: ServiceSettings,
    *,
    route_handlers: Sequence[ControllerRouterHandler],
    lifespan: Sequence[Lifespan] = (),
    health: Health | None = None,
    keys: KeySet | None = None,
    dependencies: Mapping[str, Provide] | None = None,
    problems: Mappings | None = None,
    public_prefix: str = "",
    user_limit: RateLimit | None = None,
    user_queues: Queues | None = None,
    auth_schemes: Mapping[str, AuthScheme] | None = None,
    on_drain: Sequence[Callable[[], None]] = (),
    operator_routes: Sequence[ControllerRouterHandler] = (),
    public: PublicOptions | None = None,
    callers: Mapping[str, ServiceToken] | None = None,
) -> Application:
    """Compose a service's application. Nothing connects here; the lifespan does.

    `public_prefix` is what the gateway puts in front of this service's paths: problems name the path a client called,
    and each answer tells the gateway what it cost.
    `on_drain` is called when the process stops taking requests, to end answers that would go on for ever.
    Every route needs a verified user unless its `opt` says otherwise (see authentication.py); `auth_schemes` adds some.
    `operator_routes` are for other systems of the operator: where operations have a port of their own they are served
    there, and in the production profile only there.
    `public` is of the one application that the world reaches, `callers` are the services that may call internal routes.
    """
    health = health or Health()
    health.add_readiness("descriptors", descriptors_left)
    keys = keys or KeySet(settings.oidc_jwks_url)
    verifier = TokenVerifier(
        keys,
        issuer=settings.oidc_issuer,
        audience=settings.oidc_audience,
        algorithms=settings.algorithms,
        user_ids=user_ids_of(settings),
    )
    tokens = VerifiedTokens(verifier)
    authenticator = Authenticator(
        tokens,
        callers=callers,
        user_limit=user_limit,
        user_queues=user_queues,
        auth_schemes=auth_schemes,
        address_limit=public.address_limit if public else None,
    )
    injected = {"caller": Provide(provide_caller), **(dependencies or {})}
    routes, beside = [*route_handlers, *operator_routes], None
    operations = operations_router(health)
    if settings.operations_port is None:
        routes.append(operations)
    else:
        beside = _litestar(authenticator, [operations, *operator_routes], dependencies=injected, problems=problems)
        if settings.profile is Profile.PRODUCTION:
            routes = [*route_handlers]
    litestar = _litestar(authenticator, routes, lifespan=lifespan, dependencies=injected, problems=problems)
    litestar.on_shutdown.append(keys.close)
    return Application(
        litestar=litestar,
        health=health,
        public_prefix=public_prefix,
        on_drain=on_drain,
        asgi=_wrapped(litestar, settings, public, reports_cost=bool(public_prefix)),
        operations=_wrapped(beside, settings) if beside else None,
    )


def user_ids_of(settings: ServiceSettings) -> UserIds:
    return UserIds(settings.oidc_user_claim, derived=settings.oidc_user_ids == "derived")


def _litestar(
    authenticator: Authenticator,
    route_handlers: list[ControllerRouterHandler],
    *,
    lifespan: Sequence[Lifespan] = (),
    dependencies: Mapping[str, Provide] | None = None,
    problems: Mappings | None = None,
) -> Litestar:
    app = Litestar(
        route_handlers=route_handlers,
        lifespan=list(lifespan),
        dependencies=dict(dependencies or {}),
        exception_handlers=exception_handlers(problems, count_unmatched=authenticator.count_address),
        before_request=authenticator.authenticate,
        request_class=BoundedRequest,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    authenticator.require_on_every_route(app)
    return app


def _wrapped(
    app: Litestar, settings: ServiceSettings, public: PublicOptions | None = None, *, reports_cost: bool = False
) -> App:
    limited = RequestLimits(
        Head(app),
        transport_security=settings.profile is not Profile.LOCAL,
        page_headers=public.page_headers if public else None,
        reports_cost=reports_cost,
        allowed_hosts=public.allowed_hosts if public else (),
    )
    return Telemetry(limited, continues_traces=public is None)
