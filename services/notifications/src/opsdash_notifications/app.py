"""Composition root of the notifications service: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from opsdash_chassis.database.cursors import Cursors
from opsdash_chassis.kafka.shared_counts import SharedCounts
from opsdash_chassis.service.runtime import Runtime
from opsdash_contracts.requests import NotificationsRequestsCounted
from opsdash_contracts.topics import NOTIFICATIONS_REQUESTS
from opsdash_http.app import Application, create_app
from opsdash_http.limits.rate_limits import RateLimit

from opsdash_notifications import consumers
from opsdash_notifications.announcements.worker import ChannelWorkers
from opsdash_notifications.comments.comments_client import CommentClient
from opsdash_notifications.escalation.service import escalate_due
from opsdash_notifications.inbox.service import forget_old
from opsdash_notifications.mail.excerpts import Excerpts
from opsdash_notifications.mail.worker import MailWorkers
from opsdash_notifications.overdue import worker as overdue_worker
from opsdash_notifications.problems import PROBLEMS
from opsdash_notifications.reminders.service import remind_due
from opsdash_notifications.routes import ROUTES
from opsdash_notifications.settings import REVISION, SERVICE, NotificationsSettings
from opsdash_notifications.tickets.scope import AppDependencies
from opsdash_notifications.tickets.tickets_client import TicketClient

FORGET_EVERY_SECONDS = 3600.0
ESCALATE_EVERY_SECONDS = 60.0
REMIND_EVERY_SECONDS = 1.0


def build_runtime(settings: NotificationsSettings) -> Runtime:
    """Database, relay and consumers, not yet started; for commands that handle messages without serving."""
    return _runtime(settings, TicketClient(settings))


def build_app(settings: NotificationsSettings) -> Application:
    tickets, comments = TicketClient(settings), CommentClient(settings)
    runtime = _runtime(settings, tickets)
    mails = MailWorkers.of(settings, Excerpts(tickets, comments))
    mails.join(runtime)
    channels = ChannelWorkers.of(settings)
    channels.join(runtime)
    overdue_worker.join(runtime, mails.sender, tickets)
    org_limit = RateLimit(per_second=settings.org_requests_per_second, burst=settings.org_request_burst)
    counts = SharedCounts(
        settings, NOTIFICATIONS_REQUESTS, NotificationsRequestsCounted, org_limit.charge_for_others, kafka=runtime.kafka
    )
    org_limit.report_to(counts.count)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        async with tickets.open(), comments.open(), runtime.running(), channels.running():
            runtime.tasks.start("counts", counts.run())
            yield

    application = create_app(
        settings,
        route_handlers=[*ROUTES, *mails.routes],
        lifespan=[lifespan],
        dependencies={
            "database": Provide(lambda: runtime.database, sync_to_thread=False),
            "channels": Provide(lambda: channels.setup, sync_to_thread=False),
        },
        problems=PROBLEMS,
        public_prefix="/api",
    )
    application.litestar.state.dependencies = AppDependencies(
        runtime.database, org_limit, Cursors(settings.cursor_secret.get_secret_value()), tickets
    )
    runtime.add_probes(application.health)
    mails.add_probes(application.health)
    channels.add_probes(application.health)
    application.health.add_readiness("counts", counts.state)
    return application


def _runtime(settings: NotificationsSettings, tickets: TicketClient) -> Runtime:
    runtime = Runtime(settings, service=SERVICE, revision=REVISION)
    consumers.subscribe(runtime.consumers, tickets)
    runtime.every(ESCALATE_EVERY_SECONDS, "escalate", escalate_due)
    runtime.every(REMIND_EVERY_SECONDS, "remind", remind_due)
    runtime.every(FORGET_EVERY_SECONDS, "forget-old-rows", forget_old)
    return runtime
