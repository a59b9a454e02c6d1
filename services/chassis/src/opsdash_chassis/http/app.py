"""Puts the parts together: `create_app` is all a service's composition root calls for its HTTP side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, cast

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from opsdash_chassis.http.asgi import App
from opsdash_chassis.http.errors.exceptions import Mappings, exception_handlers
from opsdash_chassis.http.errors.head import Head
from opsdash_chassis.http.errors.problems import PUBLIC_PREFIX
from opsdash_chassis.http.limits.cost import measured
from opsdash_chassis.http.limits.queues import Queues
from opsdash_chassis.http.limits.rate_limits import RateLimit
from opsdash_chassis.http.operations import OPERATIONS_PATHS, operations_router
from opsdash_chassis.http.requests.boundary import Boundary
from opsdash_chassis.http.requests.requests import BoundedRequest
from opsdash_chassis.http.requests.telemetry import Telemetry
from opsdash_chassis.http.security.authentication import Gatekeeper, Rule, provide_caller
from opsdash_chassis.http.security.internal import ServiceToken
from opsdash_chassis.http.security.keys import KeySet
from opsdash_chassis.http.security.tokens import TokenVerifier, UserIds, VerifiedTokens
from opsdash_chassis.observability.descriptors import descriptors_left
from opsdash_chassis.observability.health import Health
from opsdash_chassis.settings import Profile, ServiceSettings

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Edge:
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
    rules: Mapping[str, Rule] | None = None,
    on_drain: Sequence[Callable[[], None]] = (),
    operator_routes: Sequence[ControllerRouterHandler] = (),
    edge: Edge | None = None,
    callers: Mapping[str, ServiceToken] | None = None,
) -> Application:
    """Compose a service's application. Nothing connects here; the lifespan does.

    `public_prefix` is what the gateway puts in front of this service's paths: problems name the path a client called,
    and each answer tells the gateway what it cost.
    `on_drain` is called when the process stops taking requests, to end answers that would go on for ever.
    Every route needs a verified user unless its `opt` says otherwise (see authentication.py); `rules` adds names.
    `operator_routes` are for other systems of the operator: where operations have a port of their own they are served
    there, and in the production profile only there.
    `edge` is of the one application that the world reaches, `callers` are the services that may call internal routes.
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
    gatekeeper = Gatekeeper(
        tokens,
        callers=callers,
        user_limit=user_limit,
        user_queues=user_queues,
        rules=rules,
        address_limit=edge.address_limit if edge else None,
    )
    injected = {"caller": Provide(provide_caller), **(dependencies or {})}
    routes, beside = [*route_handlers, *operator_routes], None
    operations = operations_router(health)
    if settings.operations_port is None:
        routes.append(operations)
    else:
        beside = _litestar(gatekeeper, [operations, *operator_routes], dependencies=injected, problems=problems)
        if settings.profile is Profile.PRODUCTION:
            routes = [*route_handlers]
    litestar = _litestar(gatekeeper, routes, lifespan=lifespan, dependencies=injected, problems=problems)
    litestar.on_shutdown.append(keys.close)
    return Application(
        litestar=litestar,
        health=health,
        public_prefix=public_prefix,
        on_drain=on_drain,
        asgi=_outside(litestar, settings, edge, tells_cost=bool(public_prefix)),
        operations=_outside(beside, settings) if beside else None,
    )


def user_ids_of(settings: ServiceSettings) -> UserIds:
    return UserIds(settings.oidc_user_claim, derived=settings.oidc_user_ids == "derived")


def _litestar(
    gatekeeper: Gatekeeper,
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
        exception_handlers=exception_handlers(problems, count_unmatched=gatekeeper.count_address),
        before_request=gatekeeper.admit,
        request_class=BoundedRequest,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    gatekeeper.require_on_every_route(app)
    return app


def _outside(app: Litestar, settings: ServiceSettings, edge: Edge | None = None, *, tells_cost: bool = False) -> App:
    boundary = Boundary(
        Head(app),
        transport_security=settings.profile is not Profile.LOCAL,
        page_headers=edge.page_headers if edge else None,
        tells_cost=tells_cost,
        allowed_hosts=edge.allowed_hosts if edge else (),
    )
    return Telemetry(boundary, continues_traces=edge is None)
