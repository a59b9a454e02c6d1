"""Composition root of the gateway: settings in, application out; nothing connects here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from litestar import Litestar
from litestar.di import Provide
from litestar.types import ControllerRouterHandler
from opsdash_chassis.background import BackgroundTasks
from opsdash_chassis.following import Follower
from opsdash_chassis.http.app import Application, create_app
from opsdash_chassis.http.internal import ServiceToken
from opsdash_chassis.http.keys import KeySet
from opsdash_chassis.http.rate_limits import RateLimit
from opsdash_contracts.topics import catalogue

from opsdash_gateway.api import composed, deletion
from opsdash_gateway.api.passing import TICKET, passing_routes
from opsdash_gateway.api.schema import schema_router
from opsdash_gateway.api.sla import cron_router, get_sla_ledger
from opsdash_gateway.api.workspace import workspace_router
from opsdash_gateway.clients import MAXIMUM_STREAMS, OwnerClient, Owners, open_session
from opsdash_gateway.cron import CronSecret
from opsdash_gateway.dev_issuer.routes import issuer_router
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.live.routes import follow_events, follow_page
from opsdash_gateway.monitor import MonitorClient
from opsdash_gateway.openapi import build_document, owner_document
from opsdash_gateway.publisher import WorkspacePublisher
from opsdash_gateway.settings import GatewaySettings
from opsdash_gateway.web.console import build_console
from opsdash_gateway.web.page_headers import PAGE_HEADERS
from opsdash_gateway.web.session import provide_session


@dataclass
class Connections:
    """What the gateway holds open while it runs."""

    settings: GatewaySettings
    publisher: WorkspacePublisher
    follower: Follower
    http: aiohttp.ClientSession | None = field(default=None)
    running: Owners | None = field(default=None)
    sla_monitor: MonitorClient | None = field(default=None)

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        async with open_session() as session, open_session(connections=MAXIMUM_STREAMS) as streams:
            self.http = session
            self.running = Owners(
                tickets=OwnerClient(session, self.settings.tickets_url, streams=streams),
                comments=OwnerClient(session, self.settings.comments_url),
            )
            token = ServiceToken(self.settings.internal_token.get_secret_value()).newest
            self.sla_monitor = MonitorClient(session, self.settings.sla_monitor_url, token)
            tasks = BackgroundTasks()
            try:
                await self.publisher.start()
                tasks.start("live", self.follower.run())
                yield
            finally:
                await tasks.cancel()
                await self.publisher.stop()

    def session(self) -> aiohttp.ClientSession:
        if self.http is None:
            raise RuntimeError("the gateway has not been started")
        return self.http

    def owners(self) -> Owners:
        if self.running is None:
            raise RuntimeError("the gateway has not been started")
        return self.running

    def monitor(self) -> MonitorClient:
        if self.sla_monitor is None:
            raise RuntimeError("the gateway has not been started")
        return self.sla_monitor


def build_app(settings: GatewaySettings, publisher: WorkspacePublisher | None = None) -> Application:
    """Readiness asks neither the owners nor the broker: the gateway has an answer when they are away."""
    hub = Hub(streams=settings.live_streams, streams_per_user=settings.live_streams_per_user)
    follower = Follower(settings, catalogue(), wanted=hub.wants, on_event=hub.deliver, on_gap=hub.restart)
    connections = Connections(settings, publisher or WorkspacePublisher(settings), follower)
    dependencies = {
        "owners": Provide(connections.owners, sync_to_thread=False),
        "monitor": Provide(connections.monitor, sync_to_thread=False),
        "session": Provide(provide_session),
        "publisher": Provide(lambda: connections.publisher, sync_to_thread=False),
        "hub": Provide(lambda: hub, sync_to_thread=False),
    }
    workspace = workspace_router(ServiceToken(settings.workspace_token.get_secret_value()))
    own: list[ControllerRouterHandler] = [
        workspace,
        get_sla_ledger,
        follow_events,
        cron_router(CronSecret(settings.cron_secret.get_secret_value())),
    ]
    keys = KeySet(settings.oidc_jwks_url)
    console = build_console(settings, keys, connections.session)
    document = build_document(own, dependencies=dependencies)
    issuer = issuer_router(settings)
    elsewhere = {TICKET: ("get", "delete")}
    tickets = passing_routes(owner_document("tickets"), "tickets", elsewhere=elsewhere)
    comments = passing_routes(owner_document("comments"), "comments")
    owned = [*tickets, *comments, composed.composed_route(), deletion.deleting_route()]
    routes: list[ControllerRouterHandler] = [*owned, *own, schema_router(document)]
    routes += [follow_page, *console.routes, *([issuer] if issuer else [])]
    return create_app(
        settings,
        route_handlers=routes,
        lifespan=[connections.lifespan],
        on_drain=[hub.close],
        dependencies=dependencies,
        keys=keys,
        rules=console.rules,
        page_headers=PAGE_HEADERS,
        user_limit=RateLimit(
            per_second=settings.user_requests_per_second, burst=settings.user_request_burst, replicas=settings.replicas
        ),
    )
