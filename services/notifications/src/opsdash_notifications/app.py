"""Composition root of the notifications service: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from opsdash_chassis.service.runtime import Runtime
from opsdash_http.app import Application, create_app
from opsdash_http.security.internal import ServiceToken
from opsdash_tenancy.problems import TENANCY_PROBLEMS

from opsdash_notifications import consumers
from opsdash_notifications.routes import ROUTES
from opsdash_notifications.settings import REVISION, SERVICE, NotificationsSettings


def build_runtime(settings: NotificationsSettings) -> Runtime:
    """Database, relay and consumers, not yet started; for commands that handle messages without serving."""
    runtime = Runtime(settings, service=SERVICE, revision=REVISION)
    consumers.subscribe(runtime.consumers)
    return runtime


def build_app(settings: NotificationsSettings) -> Application:
    runtime = build_runtime(settings)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with runtime.running():
            yield

    application = create_app(
        settings,
        route_handlers=ROUTES,
        lifespan=[lifespan],
        dependencies={"database": Provide(lambda: runtime.database, sync_to_thread=False)},
        callers={"gateway": ServiceToken(settings.token_from_gateway.get_secret_value())},
        problems=TENANCY_PROBLEMS,
    )
    runtime.add_probes(application.health)
    return application
