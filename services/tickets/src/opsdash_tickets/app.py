"""Composition root of the tickets service: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from opsdash_chassis.cursors import Cursors
from opsdash_chassis.http.app import Application, create_app
from opsdash_chassis.runtime import Runtime
from opsdash_chassis.settings import DatabaseSettings

from opsdash_tickets import consumers, housekeeping
from opsdash_tickets.api import ROUTES
from opsdash_tickets.problems import PROBLEMS
from opsdash_tickets.settings import REVISION, SERVICE

PURGE_EVERY_SECONDS = 3600.0


def build_runtime(settings: DatabaseSettings) -> Runtime:
    """Database, relay and consumers, not yet started."""
    runtime = Runtime(settings, service=SERVICE, revision=REVISION)
    consumers.subscribe(runtime.consumers)
    runtime.every(PURGE_EVERY_SECONDS, "purge", housekeeping.purge_expired)
    return runtime


def build_app(settings: DatabaseSettings) -> Application:
    runtime = build_runtime(settings)
    cursors = Cursors(settings.internal_token.get_secret_value())

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with runtime.running():
            yield

    application = create_app(
        settings,
        route_handlers=ROUTES,
        lifespan=[lifespan],
        dependencies={
            "database": Provide(lambda: runtime.database, sync_to_thread=False),
            "cursors": Provide(lambda: cursors, sync_to_thread=False),
        },
        problems=PROBLEMS,
        public_prefix="/api",
    )
    runtime.add_probes(application.health)
    return application
