"""Composition root of the gateway: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler
from opsdash_chassis.kafka.broadcast_consumer import BroadcastConsumer
from opsdash_chassis.kafka.shared_counts import SharedCounts
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.service.background import BackgroundTasks
from opsdash_contracts.requests import GatewayRequestsCounted
from opsdash_contracts.topics import GATEWAY_REQUESTS, SESSIONS, catalogue
from opsdash_http.app import Application, PublicOptions, create_app
from opsdash_http.limits.queues import Queues
from opsdash_http.limits.rate_limits import RateLimit
from opsdash_http.security.internal import ServiceToken
from opsdash_http.security.keys import KeySet

from opsdash_gateway.console.app import build_console
from opsdash_gateway.console.auth.ended_sessions.endings import Endings
from opsdash_gateway.console.auth.session import provide_session
from opsdash_gateway.console.shell.page_headers import PAGE_HEADERS
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.live.routes import follow_events
from opsdash_gateway.publishing.publisher import Publisher
from opsdash_gateway.rest import inbox_composition, ticket_composition, ticket_deletion, ticket_list
from opsdash_gateway.rest.event_schemas import event_schemas_router
from opsdash_gateway.rest.inbox_composition import INBOX
from opsdash_gateway.rest.openapi import build_document, upstream_document
from opsdash_gateway.rest.openapi_routes import schema_router
from opsdash_gateway.rest.proxy import TICKET, proxy_routes
from opsdash_gateway.rest.ticket_list import TICKETS
from opsdash_gateway.settings import GatewaySettings
from opsdash_gateway.sla.cron_secret import CronSecret
from opsdash_gateway.sla.routes import cron_router, get_sla_ledger
from opsdash_gateway.upstream.client import MAXIMUM_STREAMS, UpstreamClient, Upstreams, open_session
from opsdash_gateway.upstream.database_clock import DatabaseClock
from opsdash_gateway.upstream.people_client import PeopleClient
from opsdash_gateway.upstream.sla_monitor_client import MonitorClient
from opsdash_gateway.workspace.routes import workspace_router


@dataclass
class Connections:
    """What the gateway holds open while it runs."""

    settings: GatewaySettings
    publisher: Publisher
    endings_publisher: Publisher
    broadcast_consumer: BroadcastConsumer
    endings: Endings
    user_limit: RateLimit
    counts: SharedCounts
    http: aiohttp.ClientSession | None = field(default=None)
    running: Upstreams | None = field(default=None)
    clock: DatabaseClock = field(init=False)
    sla_monitor: MonitorClient | None = field(default=None)

    def __post_init__(self) -> None:
        token = self.settings.token_to_tickets.get_secret_value()
        self.clock = DatabaseClock(self.session, self.settings.tickets_url, token)

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        async with open_session() as session, open_session(connections=MAXIMUM_STREAMS) as streams:
            self.http = session
            self.running = Upstreams(
                tickets=UpstreamClient("tickets", session, self.settings.tickets_url, streams=streams),
                comments=UpstreamClient("comments", session, self.settings.comments_url),
                notifications=UpstreamClient("notifications", session, self.settings.notifications_url),
            )
            token = self.settings.token_to_sla_monitor.get_secret_value()
            self.sla_monitor = MonitorClient(session, self.settings.sla_monitor_url, token)
            tasks = BackgroundTasks()
            try:
                tasks.start("live", self.broadcast_consumer.run())
                tasks.start("clock", self.clock.run())
                tasks.start("sessions", self.endings.run())
                tasks.start("endings", self.endings.tell())
                tasks.start("counts", self.counts.run())
                yield
            finally:
                await tasks.cancel()
                await self.publisher.stop()
                await self.endings_publisher.stop()

    def session(self) -> aiohttp.ClientSession:
        if self.http is None:
            raise RuntimeError("the gateway has not been started")
        return self.http

    def upstreams(self) -> Upstreams:
        if self.running is None:
            raise RuntimeError("the gateway has not been started")
        return self.running

    def people(self) -> PeopleClient:
        return PeopleClient(self.upstreams().tickets, self.settings.token_to_tickets.get_secret_value())

    def monitor(self) -> MonitorClient:
        if self.sla_monitor is None:
            raise RuntimeError("the gateway has not been started")
        return self.sla_monitor


def _public_options(settings: GatewaySettings) -> PublicOptions:
    limit = RateLimit(
        per_second=settings.address_requests_per_second,
        burst=settings.address_request_burst,
    )
    return PublicOptions(page_headers=PAGE_HEADERS, allowed_hosts=settings.hosts, address_limit=limit)


def _connections(
    settings: GatewaySettings, hub: Hub, publisher: Publisher | None, endings_publisher: Publisher | None
) -> Connections:
    kafka = Dependency("kafka")
    topics = [name for name, topic in catalogue().items() if not topic.is_internal]
    broadcast_consumer = BroadcastConsumer(
        settings, topics, wanted=hub.wants, on_event=hub.deliver, on_gap=hub.restart, kafka=kafka
    )
    endings_publisher = endings_publisher or Publisher(settings, SESSIONS)
    endings = Endings(settings, endings_publisher, on_news=hub.sessions_ended, kafka=kafka)
    limit = RateLimit(per_second=settings.user_requests_per_second, burst=settings.user_request_burst)
    counts = SharedCounts(settings, GATEWAY_REQUESTS, GatewayRequestsCounted, limit.charge_for_others, kafka=kafka)
    limit.report_to(counts.count)
    publisher = publisher or Publisher(settings)
    return Connections(settings, publisher, endings_publisher, broadcast_consumer, endings, limit, counts)


def build_app(
    settings: GatewaySettings,
    publisher: Publisher | None = None,
    endings_publisher: Publisher | None = None,
    *,
    more_routes: Sequence[ControllerRouterHandler] = (),
) -> Application:
    """Readiness does not depend on the upstreams and the broker: the gateway has an answer when they are away.

    `more_routes` are served beside its own and published nowhere; the local stack adds its identity provider by them.
    """
    hub = Hub(streams=settings.live_streams, streams_per_user=settings.live_streams_per_user)
    connections = _connections(settings, hub, publisher, endings_publisher)
    endings = connections.endings
    dependencies = {
        "upstreams": Provide(connections.upstreams, sync_to_thread=False),
        "monitor": Provide(connections.monitor, sync_to_thread=False),
        "people": Provide(connections.people, sync_to_thread=False),
        "session": Provide(provide_session),
        "publisher": Provide(lambda: connections.publisher, sync_to_thread=False),
        "hub": Provide(lambda: hub, sync_to_thread=False),
        "ended": Provide(lambda: endings.register, sync_to_thread=False),
    }
    workspace = workspace_router(ServiceToken(settings.workspace_token.get_secret_value()))
    operators: list[ControllerRouterHandler] = [
        workspace,
        cron_router(CronSecret(settings.cron_secret.get_secret_value())),
    ]
    own: list[ControllerRouterHandler] = [get_sla_ledger, follow_events]
    keys = KeySet(settings.oidc_jwks_url)
    console = build_console(settings, keys, connections.session, endings)
    document = build_document([*operators, *own], dependencies=dependencies)
    elsewhere = {TICKET: ("get", "delete"), TICKETS: ("get",)}
    tickets = proxy_routes(upstream_document("tickets"), "tickets", elsewhere=elsewhere)
    comments = proxy_routes(upstream_document("comments"), "comments")
    notices = proxy_routes(upstream_document("notifications"), "notifications", elsewhere={INBOX: ("get",)})
    owned = [
        *tickets,
        *comments,
        *notices,
        inbox_composition.inbox_route(),
        ticket_composition.composition_route(),
        ticket_list.list_route(),
        ticket_deletion.deleting_route(),
    ]
    routes: list[ControllerRouterHandler] = [*owned, *own, schema_router(document), event_schemas_router()]
    routes += [*console.routes, *more_routes]
    application = create_app(
        settings,
        route_handlers=routes,
        lifespan=[connections.lifespan],
        on_drain=[hub.close],
        dependencies=dependencies,
        keys=keys,
        auth_schemes=console.auth_schemes,
        operator_routes=operators,
        public=_public_options(settings),
        user_queues=Queues(settings.user_requests_at_once),
        user_limit=connections.user_limit,
    )
    application.health.add_readiness("live", connections.broadcast_consumer.state)
    application.health.add_readiness("sessions", endings.state)
    application.health.add_readiness("counts", connections.counts.state)
    application.health.add_readiness("clock", connections.clock.watch.ready)
    return application
