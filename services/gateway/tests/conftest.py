"""A running gateway with a fake tickets service behind it; keys and tokens come from the development issuer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import pytest
import uvicorn
from aiohttp import web
from opsdash_contracts.envelope import Event, EventData
from opsdash_gateway import app
from opsdash_gateway.console.shell import page
from opsdash_gateway.console.ticket import notices, reminders
from opsdash_gateway.publishing.publisher import Publisher
from opsdash_gateway.rest.openapi import build_document
from opsdash_gateway.settings import GatewaySettings
from opsdash_http.security import keys
from opsdash_http.server.server import _server
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.gateway.app import build_app

from services.gateway.tests.sign_in import Provider, running_provider

PATIENCE_SECONDS = 30.0
BUSY_SECONDS = 5.0
PERSON = UUID("11111111-1111-4111-8111-111111111111")
WORKSPACE_TOKEN = "Wk3vQ9ZtR1xLd8Ns5Yb2Hc7Mf0Gj4Pa6"
CRON_SECRET = "Cr7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa5"
SESSION_SECRET = "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0"
TICKETS_TOKEN = "Jq8sT2yUo5iEw7rAa1dFg4hKl9zXc6vB"
MONITOR_TOKEN = "Ms4rL8nOp2tQu6vRw0xSy3zTa7bUc1dV"
PEOPLE = [
    {
        "user_id": str(PERSON),
        "name": "Ada <Admin>",
        "email": "ada@opsdash.example",
        "memberships": [{"org": str(PERSON), "slug": "brightside", "role": "owner"}],
    }
]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class RecordingPublisher(Publisher):
    """Confirms at once and remembers; or fails as the real one does."""

    def __init__(self, settings: GatewaySettings) -> None:
        super().__init__(settings)
        self.events: list[Event[EventData]] = []
        self.failure: Exception | None = None

    async def publish(self, events: Sequence[Event[EventData]], deadline_seconds: float = 5.0) -> None:
        if self.failure:
            raise self.failure
        self.events += events


@dataclass
class FakeUpstream:
    """Stands for an upstream service: records requests and answers with what a test sets.

    The question for the database's time, which comes by itself, it answers alone: `clock_ahead` of the truth.
    """

    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Handler | None = None
    url: str = ""
    clock_ahead: timedelta = timedelta(0)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/internal/clock":
            return web.json_response({"now": (datetime.now(UTC) + self.clock_ahead).isoformat()})
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.method, request.raw_path, headers, body))
        if self.answer:
            return await self.answer(request)
        return web.json_response({"items": []})


@dataclass
class Gateway:
    """The gateway under test and a client for it."""

    url: str
    session: aiohttp.ClientSession
    publisher: RecordingPublisher
    endings: RecordingPublisher
    token: str = ""

    async def call(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> tuple[int, dict[str, str], bytes]:
        headers = {"Authorization": f"Bearer {token or self.token}"} if token != "" else {}
        headers |= options.pop("headers", {})
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, self.url + path, headers=headers, **options) as response:
            answer_headers = {name.lower(): value for name, value in response.headers.items()}
            return response.status, answer_headers, await response.read()


@contextlib.asynccontextmanager
async def fake_upstream() -> AsyncIterator[FakeUpstream]:
    fake = FakeUpstream()
    upstream_app = web.Application(client_max_size=10 * 1024 * 1024)
    upstream_app.router.add_route("*", "/{path:.*}", fake.handle)
    runner = web.AppRunner(upstream_app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    await runner.cleanup()


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    """The tickets service."""
    async with fake_upstream() as fake:
        yield fake


@pytest.fixture
async def comments() -> AsyncIterator[FakeUpstream]:
    """The comments service."""
    async with fake_upstream() as fake:
        yield fake


@pytest.fixture
async def notifications() -> AsyncIterator[FakeUpstream]:
    """The notifications service."""
    async with fake_upstream() as fake:
        yield fake


def make_settings(tmp_path: Path, **changes: Any) -> LocalGatewaySettings:
    people = tmp_path / "people.json"
    people.write_text(json.dumps(PEOPLE))
    values = {
        "profile": "local",
        "oidc_issuer": "http://127.0.0.1/dev",
        "oidc_audience": "opsdash-support",
        "oidc_jwks_url": "http://127.0.0.1:1/dev/jwks.json",
        "token_to_tickets": TICKETS_TOKEN,
        "token_to_sla_monitor": MONITOR_TOKEN,
        "workspace_token": WORKSPACE_TOKEN,
        "cron_secret": CRON_SECRET,
        "session_secret": SESSION_SECRET,
        "oidc_client_id": "opsdash-console",
        "kafka_bootstrap_servers": "127.0.0.1:1",
        "tickets_url": "http://127.0.0.1:1",
        "comments_url": "http://127.0.0.1:1",
        "notifications_url": "http://127.0.0.1:1",
        "sla_monitor_url": "http://127.0.0.1:1",
        "public_url": "http://127.0.0.1",
        "dev_issuer_key_file": tmp_path / "key.pem",
        "dev_people_file": people,
        **changes,
    }
    return LocalGatewaySettings(**values)


def listen() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.setblocking(False)
    return listener


@pytest.fixture(scope="session", autouse=True)
def one_document() -> Iterator[None]:
    """It is the same in every gateway, and a third of the work of building one."""
    build, built = build_document, list[Any]()

    def once(*routes: Any, **options: Any) -> Any:
        if not built:
            built.append(build(*routes, **options))
        return built[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "build_document", once)
        yield


@contextlib.asynccontextmanager
async def serving(server: uvicorn.Server, listener: socket.socket) -> AsyncIterator[None]:
    """What its `serve` does, without waiting for the end of connections that are of no more use to anybody."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.on_tick(0)
    await server.startup(sockets=[listener])
    yield
    for listening in server.servers:
        listening.close()
    left = [*server.server_state.tasks]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@contextlib.asynccontextmanager
async def running(settings: LocalGatewaySettings, listener: socket.socket) -> AsyncIterator[Gateway]:
    publisher, endings = RecordingPublisher(settings), RecordingPublisher(settings)
    application = build_app(settings, publisher, endings)
    server = _server(application, settings)

    ready, over = asyncio.Event(), asyncio.Event()

    async def serve() -> None:  # a task of its own, for a lifespan must end in the task it began in
        async with application.litestar.lifespan(), serving(server, listener):
            ready.set()
            await over.wait()

    task = asyncio.create_task(serve())
    await ready.wait()
    async with aiohttp.ClientSession() as session:
        yield Gateway(f"http://127.0.0.1:{listener.getsockname()[1]}", session, publisher, endings)
    over.set()
    await task


StartGateway = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def start_gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[StartGateway]:
    """Each gateway fetches the keys of its own development issuer, as the local stack does."""
    monkeypatch.setattr(keys, "FETCH_TIMEOUT_SECONDS", PATIENCE_SECONDS)  # a busy machine is no provider that is away
    async with contextlib.AsyncExitStack() as stack:

        async def start(**changes: Any) -> Gateway:
            listener = listen()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            own = {"oidc_jwks_url": f"{url}/dev/jwks.json", "oidc_issuer": f"{url}/dev", "public_url": url}
            settings = make_settings(tmp_path, **(own | changes))
            gateway = await stack.enter_async_context(running(settings, listener))
            _, _, body = await gateway.call("POST", "/dev/token", token="", json={"user_id": str(PERSON)})
            gateway.token = json.loads(body)["access_token"]
            return gateway

        yield start


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    """An identity provider that is not the development issuer."""
    async with running_provider() as made:
        yield made


@pytest.fixture
async def gateway(upstream: FakeUpstream, start_gateway: StartGateway) -> Gateway:
    """In front of the tickets service alone."""
    return await start_gateway(tickets_url=upstream.url)


@pytest.fixture
async def helpdesk(upstream: FakeUpstream, comments: FakeUpstream, start_gateway: StartGateway) -> Gateway:
    """In front of tickets and comments."""
    return await start_gateway(tickets_url=upstream.url, comments_url=comments.url)


@pytest.fixture
async def telling(
    upstream: FakeUpstream,
    comments: FakeUpstream,
    notifications: FakeUpstream,
    start_gateway: StartGateway,
    monkeypatch: pytest.MonkeyPatch,
) -> Gateway:
    """In front of tickets, comments and notifications; waits for the last as long as a busy machine may take."""
    for module, name in (
        (notices, "WATCH_SECONDS"),
        (notices, "NOTICES_SECONDS"),
        (reminders, "REMINDERS_SECONDS"),
        (page, "UNREAD_SECONDS"),
    ):
        monkeypatch.setattr(module, name, BUSY_SECONDS)
    return await start_gateway(tickets_url=upstream.url, comments_url=comments.url, notifications_url=notifications.url)
