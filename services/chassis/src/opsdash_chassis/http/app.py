"""Puts the parts together: `create_app` is all a service's composition root calls for its HTTP side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, cast

from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from opsdash_chassis.http.asgi import App
from opsdash_chassis.http.authentication import Gatekeeper, Rule, provide_caller
from opsdash_chassis.http.boundary import Boundary
from opsdash_chassis.http.exceptions import Mappings, exception_handlers
from opsdash_chassis.http.health import Health
from opsdash_chassis.http.internal import ServiceToken
from opsdash_chassis.http.keys import KeySet
from opsdash_chassis.http.operations import OPERATIONS_PATHS, operations_router
from opsdash_chassis.http.problems import PUBLIC_PREFIX
from opsdash_chassis.http.rate_limits import RateLimit
from opsdash_chassis.http.requests import BoundedRequest
from opsdash_chassis.http.telemetry import Telemetry
from opsdash_chassis.http.tokens import TokenVerifier, VerifiedTokens
from opsdash_chassis.settings import Profile, ServiceSettings

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


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
        await self.asgi(scope, receive, send)


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
    rules: Mapping[str, Rule] | None = None,
    page_headers: Mapping[str, str] | None = None,
    on_drain: Sequence[Callable[[], None]] = (),
) -> Application:
    """Compose a service's application. Nothing connects here; the lifespan does.

    `public_prefix` is what the gateway puts in front of this service's paths: problems name the path a client called.
    `on_drain` is called when the process stops taking requests, to end answers that would go on for ever.
    Every route needs a verified user unless its `opt` says otherwise (see authentication.py); `rules` adds names.
    `page_headers` go out with every HTML answer, whoever wrote it.
    """
    health = health or Health()
    keys = keys or KeySet(settings.oidc_jwks_url)
    verifier = TokenVerifier(
        keys, issuer=settings.oidc_issuer, audience=settings.oidc_audience, algorithms=settings.algorithms
    )
    service_token = ServiceToken(settings.internal_token.get_secret_value())
    gatekeeper = Gatekeeper(VerifiedTokens(verifier), service_token, user_limit=user_limit, rules=rules)
    operations = operations_router(health)
    separate = settings.operations_port is not None
    litestar = _litestar(
        gatekeeper,
        [*route_handlers] if separate else [*route_handlers, operations],
        lifespan=lifespan,
        dependencies={"caller": Provide(provide_caller), **(dependencies or {})},
        problems=problems,
    )
    litestar.on_shutdown.append(keys.close)
    return Application(
        litestar=litestar,
        health=health,
        public_prefix=public_prefix,
        on_drain=on_drain,
        asgi=_outside(litestar, settings, page_headers),
        operations=_outside(_litestar(gatekeeper, [operations]), settings) if separate else None,
    )


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
        exception_handlers=exception_handlers(problems),
        before_request=gatekeeper.admit,
        request_class=BoundedRequest,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    gatekeeper.require_on_every_route(app)
    return app


def _outside(app: Litestar, settings: ServiceSettings, page_headers: Mapping[str, str] | None = None) -> App:
    transport_security = settings.profile is not Profile.LOCAL
    return Telemetry(Boundary(cast("App", app), transport_security=transport_security, page_headers=page_headers))
