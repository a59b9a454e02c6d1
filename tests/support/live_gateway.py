"""A gateway alone with a broker and an owner that says yes to everybody, for tests and figures of the live stream."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

from aiohttp import web
from aiokafka import AIOKafkaProducer
from opsdash_contracts.topics import SLA
from opsdash_local.ports import free_port

from tests.contracts.files import EXAMPLES
from tests.support.brokers import Broker, client_environment
from tests.support.helpdesk import NOBODY
from tests.support.issuer import TestIssuer
from tests.support.live import LiveClient
from tests.support.service_process import ServiceProcess
from tests.support.stack import CRON_SECRET, SESSION_SECRET, WORKSPACE_TOKEN
from tests.support.tokens import internal_environment

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
