"""Composition root of the comments service: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from opsdash_chassis.database.cursors import Cursors
from opsdash_chassis.kafka.shared_counts import SharedCounts
from opsdash_chassis.service.runtime import Runtime
from opsdash_contracts.requests import CommentsRequestsCounted
from opsdash_contracts.topics import COMMENTS_REQUESTS
from opsdash_http.app import Application, create_app
from opsdash_http.limits.rate_limits import RateLimit
from opsdash_http.security.internal import ServiceToken
from opsdash_tenancy.directory_cache import DirectoryCache

from opsdash_comments import consumers
from opsdash_comments.people.model import People
from opsdash_comments.problems import PROBLEMS
from opsdash_comments.rendering.service import render_outdated
from opsdash_comments.routes import ROUTES
from opsdash_comments.search.service import index_outdated
from opsdash_comments.settings import REVISION, SERVICE, CommentsSettings
from opsdash_comments.threads.scope import AppDependencies
from opsdash_comments.threads.tickets_client import TicketClient

RENDER_EVERY_SECONDS = 60.0
INDEX_EVERY_SECONDS = 5.0


def build_runtime(settings: CommentsSettings) -> Runtime:
    """Database, relay and consumers, not yet started."""
    runtime = Runtime(settings, service=SERVICE, revision=REVISION)
    consumers.subscribe(runtime.consumers)
    runtime.every(RENDER_EVERY_SECONDS, "render", render_outdated)
    runtime.every(INDEX_EVERY_SECONDS, "index", index_outdated)
    return runtime


def build_app(settings: CommentsSettings) -> Application:
    runtime = build_runtime(settings)
    cursors = Cursors(settings.cursor_secret.get_secret_value())
    tickets = TicketClient(settings)
    org_limit = RateLimit(per_second=settings.org_requests_per_second, burst=settings.org_request_burst)
    counts = SharedCounts(
        settings, COMMENTS_REQUESTS, CommentsRequestsCounted, org_limit.charge_for_others, kafka=runtime.kafka
    )
    org_limit.report_to(counts.count)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with tickets.open(), runtime.running():
            runtime.tasks.start("counts", counts.run())
            yield

    application = create_app(
        settings,
        route_handlers=ROUTES,
        lifespan=[lifespan],
        dependencies={"database": Provide(lambda: runtime.database, sync_to_thread=False)},
        problems=PROBLEMS,
        public_prefix="/api",
        callers={"notifications": ServiceToken(settings.token_from_notifications.get_secret_value())},
    )
    application.litestar.state.dependencies = AppDependencies(
        runtime.database, org_limit, cursors, tickets, DirectoryCache(People)
    )
    runtime.add_probes(application.health)
    application.health.add_readiness("counts", counts.state)
    return application
