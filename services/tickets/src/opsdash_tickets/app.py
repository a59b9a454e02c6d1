"""Composition root of the tickets service: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from opsdash_chassis.database.cursors import Cursors
from opsdash_chassis.kafka.shared_counts import SharedCounts
from opsdash_chassis.service.runtime import Runtime
from opsdash_contracts.requests import TicketsRequestsCounted
from opsdash_contracts.topics import TICKETS_REQUESTS
from opsdash_http.app import Application, create_app
from opsdash_http.limits.rate_limits import RateLimit
from opsdash_http.security.internal import ServiceToken
from opsdash_tenancy.directory_cache import DirectoryCache

from opsdash_tickets import consumers
from opsdash_tickets.access.exports import Exports
from opsdash_tickets.access.scope import AppDependencies
from opsdash_tickets.indexing import service as indexing
from opsdash_tickets.names.model import Names
from opsdash_tickets.problems import PROBLEMS
from opsdash_tickets.retention import service as retention
from opsdash_tickets.routes import ROUTES
from opsdash_tickets.settings import REVISION, SERVICE, TicketsSettings

PURGE_EVERY_SECONDS = 3600.0
RENDER_EVERY_SECONDS = 60.0
INDEX_EVERY_SECONDS = 5.0


def build_runtime(settings: TicketsSettings) -> Runtime:
    """Database, relay and consumers, not yet started."""
    runtime = Runtime(settings, service=SERVICE, revision=REVISION, long_reads=settings.database_export_pool_size)
    consumers.subscribe(runtime.consumers)
    runtime.every(PURGE_EVERY_SECONDS, "purge", retention.purge_expired)
    runtime.every(RENDER_EVERY_SECONDS, "render", retention.render_outdated)
    # Side by side: who was renamed does not wait until all tickets have been indexed.
    runtime.every(INDEX_EVERY_SECONDS, "index", indexing.index_outdated)
    runtime.every(INDEX_EVERY_SECONDS, "index_contacts", indexing.index_changed_contacts)
    runtime.every(INDEX_EVERY_SECONDS, "fold_names", indexing.fold_names)
    return runtime


def build_app(settings: TicketsSettings) -> Application:
    runtime = build_runtime(settings)
    org_limit = RateLimit(per_second=settings.org_requests_per_second, burst=settings.org_request_burst)
    counts = SharedCounts(
        settings, TICKETS_REQUESTS, TicketsRequestsCounted, org_limit.charge_for_others, kafka=runtime.kafka
    )
    org_limit.report_to(counts.count)
    cursors = Cursors(settings.cursor_secret.get_secret_value())

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with runtime.running():
            runtime.tasks.start("counts", counts.run())
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
        callers={
            "gateway": ServiceToken(settings.token_from_gateway.get_secret_value()),
            "comments": ServiceToken(settings.token_from_comments.get_secret_value()),
            "sla-monitor": ServiceToken(settings.token_from_sla_monitor.get_secret_value()),
            "notifications": ServiceToken(settings.token_from_notifications.get_secret_value()),
        },
    )
    exports = Exports.of(settings)
    application.litestar.state.dependencies = AppDependencies(
        runtime.database, org_limit, cursors, exports, DirectoryCache(Names)
    )
    runtime.add_probes(application.health)
    application.health.add_readiness("counts", counts.state)
    return application
