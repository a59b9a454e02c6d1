"""Composition root of the SLA monitor: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from opsdash_chassis.service.runtime import Runtime
from opsdash_http.app import Application, create_app
from opsdash_http.security.internal import ServiceToken

from opsdash_sla_monitor import consumers
from opsdash_sla_monitor.deadlines.tickets_client import TicketsClient
from opsdash_sla_monitor.routes import ROUTES
from opsdash_sla_monitor.settings import REVISION, SERVICE, SlaMonitorSettings
from opsdash_sla_monitor.sweep.service import Sweeper
from opsdash_sla_monitor.sweep.timer import Timer


def build_runtime(settings: SlaMonitorSettings) -> Runtime:
    """Database, relay and consumers, not yet started; for commands that handle messages without serving."""
    return _runtime(settings, TicketsClient(settings))


def build_app(settings: SlaMonitorSettings) -> Application:
    tickets_client = TicketsClient(settings)
    runtime = _runtime(settings, tickets_client)
    sweeper = Sweeper(settings, runtime.database, tickets_client)
    timer = Timer(settings, sweeper)
    if settings.timer_enabled:
        runtime.every(0, "timer", timer.turn)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with tickets_client.opened(), runtime.running():
            yield
            timer.close()
            await sweeper.close()

    application = create_app(
        settings,
        route_handlers=ROUTES,
        lifespan=[lifespan],
        dependencies={
            "database": Provide(lambda: runtime.database, sync_to_thread=False),
            "sweeper": Provide(lambda: sweeper, sync_to_thread=False),
        },
        callers={"gateway": ServiceToken(settings.token_from_gateway.get_secret_value())},
    )
    runtime.add_probes(application.health)
    return application


def _runtime(settings: SlaMonitorSettings, tickets_client: TicketsClient) -> Runtime:
    runtime = Runtime(settings, service=SERVICE, revision=REVISION)
    consumers.subscribe(runtime.consumers, tickets_client)
    return runtime
