"""The live stream: a client that remembers its events, and a gateway alone with a broker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from uuid import UUID, uuid4

import aiohttp
from aiohttp import web
from aiokafka import AIOKafkaProducer
from opsdash_contracts.topics import SLA
from opsdash_local.ports import free_port

from tests.contracts.files import EXAMPLES
from tests.support.brokers import Broker, client_environment
from tests.support.http_servers import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import CRON_SECRET, NOBODY, SESSION_SECRET, WORKSPACE_TOKEN, internal_environment


@dataclass(frozen=True)
class Told:
    """One message of the stream."""

    event: str
    id: str
    data: dict[str, Any]
    at: float


@dataclass
class LiveClient:
    """Opens one stream on entering, and closes the connection without a word on leaving."""

    url: str
    headers: dict[str, str]
    last_event_id: str | None = None
    told: list[Told] = field(default_factory=list)
    comments: int = 0
    retry: int | None = None
    answer: aiohttp.ClientResponse | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        resume = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        self._session = aiohttp.ClientSession(headers=self.headers | resume, timeout=aiohttp.ClientTimeout(total=None))
        self.answer = await self._session.get(self.url)
        self._reading = asyncio.create_task(self._read(self.answer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._session.close()

    def of(self, event: str) -> list[dict[str, Any]]:
        return [message.data for message in self.told if message.event == event]

    async def wait_for(self, event: str, count: int = 1, timeout: float = 30.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + timeout
        while len(self.of(event)) < count:
            assert time.monotonic() < deadline, f"{count} x {event} not told within {timeout} s, but {self.told}"
            await asyncio.sleep(0.01)
        return self.of(event)

    async def started(self, timeout: float = 30.0) -> Self:
        """The first block has come, so that changes from now on are told."""
        deadline = time.monotonic() + timeout
        while self.retry is None:
            assert not self.ended.is_set(), f"the stream ended before it started: {self.answer}"
            assert time.monotonic() < deadline, "the stream did not start"
            await asyncio.sleep(0.01)
        return self

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        fields: dict[str, str] = {}
        try:
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                else:
                    self._dispatch(fields)
                    fields = {}
        except aiohttp.ClientError:
            pass
        finally:
            self.ended.set()

    def _dispatch(self, fields: dict[str, str]) -> None:
        """As HTML says: an id counts even where there is nothing to dispatch."""
        self.last_event_id = fields.get("id", self.last_event_id)
        if "retry" in fields:
            self.retry = int(fields["retry"])
        if "" in fields:
            self.comments += 1
        if "data" in fields:
            message = Told(fields["event"], fields.get("id", ""), json.loads(fields["data"]), time.monotonic())
            self.told.append(message)


BREACH = next(example for example in EXAMPLES if example.path == "sla.breached/v1/confirmed.json")
ORG = UUID(BREACH.body["org_id"])
READER = uuid4()


@contextlib.asynccontextmanager
async def agreeing_upstream() -> AsyncIterator[str]:
    """What the tickets service answers to a member of one org."""

    async def yes(_: web.Request) -> web.Response:
        return web.json_response({"org_id": str(ORG), "member_id": str(READER)})

    async def person(_: web.Request) -> web.Response:
        return web.json_response({"user_id": str(READER), "orgs": [{"slug": "ours", "plate": "sales"}]})

    app = web.Application()
    app.router.add_get("/orgs/ours/support", yes)
    app.router.add_get("/me", person)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def lone_gateway_environment(kafka: Broker, issuer: TestIssuer, upstream: str) -> dict[str, str]:
    return {
        "OPSDASH_PROFILE": "local",
        **internal_environment("gateway"),
        "OPSDASH_WORKSPACE_TOKEN": WORKSPACE_TOKEN,
        "OPSDASH_TICKETS_URL": upstream,
        "OPSDASH_COMMENTS_URL": NOBODY,
        "OPSDASH_NOTIFICATIONS_URL": NOBODY,
        "OPSDASH_SLA_MONITOR_URL": NOBODY,
        "OPSDASH_CRON_SECRET": CRON_SECRET,
        "OPSDASH_SESSION_SECRET": SESSION_SECRET,
        "OPSDASH_OIDC_CLIENT_ID": "opsdash-console",
        "OPSDASH_OPERATIONS_PORT": str(free_port()),
        "OPSDASH_PUBLIC_URL": "http://127.0.0.1",
        "OPSDASH_LIVE_STREAMS_PER_USER": "2000",
        "OPSDASH_USER_REQUESTS_PER_SECOND": "10000",
        "OPSDASH_USER_REQUEST_BURST": "10000",
        "OPSDASH_ADDRESS_REQUESTS_PER_SECOND": "10000",
        "OPSDASH_ADDRESS_REQUEST_BURST": "10000",
        **client_environment(kafka),
        **issuer.environment,
    }


def stream_of(gateway: ServiceProcess, issuer: TestIssuer, last_event_id: str | None = None) -> LiveClient:
    return LiveClient(f"{gateway.url}/api/orgs/ours/events", issuer.authorization(READER), last_event_id)


async def publish_breach(kafka: Broker, value: bytes = BREACH.value) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    try:
        await producer.send_and_wait(SLA, value, key=BREACH.key, headers=BREACH.headers)
    finally:
        await producer.stop()
