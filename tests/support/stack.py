"""Environments of the services on shared servers: tickets with its API client, comments, monitor, gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

import aiohttp
from opsdash_local.ports import free_port
from opsdash_local.services import SERVICES, internal_secrets

from tests.support.brokers import Broker, client_environment, member_environment
from tests.support.databases import ServiceDatabase
from tests.support.fixtures import ServiceFactory
from tests.support.http_servers import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.workspace import Workspace

_BY_NAME = {service.name: internal_secrets(service) for service in SERVICES}


def internal_environment(service: str) -> dict[str, str]:
    """The settings of one service; what two share has one value."""
    return {f"OPSDASH_{setting.upper()}": _made(name) for setting, name in _BY_NAME[service].items()}


def token(caller: str, asked: str) -> str:
    """What the one shows the other."""
    return internal_environment(caller)[f"OPSDASH_TOKEN_TO_{asked.replace('-', '_').upper()}"]


def _made(name: str) -> str:
    return sha256(name.encode()).hexdigest()


WORKSPACE_TOKEN = "workspace-591785b794601e212b260e25925636fd"
CRON_SECRET = "cron-0d107d09f5bbe40cade3de5c71e9e9b7"
CHANNEL_SECRET = "channel-3b7ad8c1f0e94652b8d1c7e0a2f4965d"
SESSION_SECRET = "session-5e1f20c7b8a94d63a0f2c1d7e6b3498a"


WITHOUT_ORG_LIMITS = {"OPSDASH_ORG_REQUESTS_PER_SECOND": "100000", "OPSDASH_ORG_REQUEST_BURST": "100000"}


@dataclass
class Stack:
    """Starts service processes that share servers; processes end with the test."""

    database: ServiceDatabase
    kafka: Broker
    issuer: TestIssuer
    start_service: ServiceFactory
    workspace: Workspace = field(default_factory=Workspace)

    @property
    def common_environment(self) -> dict[str, str]:
        """What every service of the stack has."""
        return {"OPSDASH_PROFILE": "local", **client_environment(self.kafka), **self.issuer.environment}

    @property
    def tickets_environment(self) -> dict[str, str]:
        return {
            **self.common_environment,
            **WITHOUT_ORG_LIMITS,
            **member_environment(self.kafka),
            **self.database.environment,
            **internal_environment("tickets"),
        }

    def start_tickets(self, **overrides: str) -> ServiceProcess:
        return self.start_service("tickets", self.tickets_environment | overrides)

    async def tickets(self, **overrides: str) -> ServiceProcess:
        """A started and ready tickets service."""
        return await self.start_tickets(**overrides).ready()

    def client(self, service: ServiceProcess, user_id: UUID) -> Client:
        return Client(service.url, self.issuer.authorization(user_id))


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    text = await response.read()
    is_json = "json" in response.headers.get("Content-Type", "")
    body = await response.json(content_type=None) if text and is_json else text.decode()
    return Answer(response.status, response.headers, body)


@dataclass
class Client:
    """A person talking to one service."""

    url: str
    headers: dict[str, str]

    async def call(self, method: str, path: str, json: Any = None, **headers: str) -> Answer:
        timeout = aiohttp.ClientTimeout(total=15)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, self.url + path, json=json, headers=self.headers | headers) as response,
        ):
            return await _answer(response)

    async def call_raw(self, method: str, path: str, body: str | bytes, content_type: str, **headers: str) -> Answer:
        """Send exactly these bytes."""
        timeout = aiohttp.ClientTimeout(total=15)
        sent = self.headers | headers | {"Content-Type": content_type}
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, self.url + path, data=body, headers=sent) as response,
        ):
            return await _answer(response)

    async def create_ticket(self, slug: str, title: str = "A ticket", **fields: Any) -> dict[str, Any]:
        answer = await self.call("POST", f"/orgs/{slug}/tickets", {"title": title, **fields})
        assert answer.status == 201, answer.body
        body: dict[str, Any] = answer.body
        return body


NOBODY = "http://127.0.0.1:1"


def comments_environment(stack: Stack, database: ServiceDatabase, tickets_url: str) -> dict[str, str]:
    """Like the tickets service of the stack, on a database of its own."""
    limits = WITHOUT_ORG_LIMITS | {"OPSDASH_TICKETS_URL": tickets_url}
    return _with_database(stack, database, "comments") | limits


def monitor_environment(stack: Stack, database: ServiceDatabase, tickets_url: str) -> dict[str, str]:
    return _with_database(stack, database, "sla-monitor") | {"OPSDASH_TICKETS_URL": tickets_url}


def _with_database(stack: Stack, database: ServiceDatabase, service: str) -> dict[str, str]:
    members = member_environment(stack.kafka) | database.environment
    return stack.common_environment | members | internal_environment(service)


def notifications_environment(stack: Stack, database: ServiceDatabase, tickets_url: str) -> dict[str, str]:
    channels = {"OPSDASH_CHANNEL_SECRET": CHANNEL_SECRET, "OPSDASH_PUBLIC_URL": "http://127.0.0.1"}
    limits = WITHOUT_ORG_LIMITS | {"OPSDASH_TICKETS_URL": tickets_url, "OPSDASH_COMMENTS_URL": NOBODY}
    return _with_database(stack, database, "notifications") | limits | channels


def gateway_environment(
    stack: Stack,
    *,
    tickets_url: str,
    comments_url: str,
    notifications_url: str = NOBODY,
    sla_monitor_url: str = NOBODY,
) -> dict[str, str]:
    return {
        **stack.common_environment,
        **internal_environment("gateway"),
        "OPSDASH_WORKSPACE_TOKEN": WORKSPACE_TOKEN,
        "OPSDASH_TICKETS_URL": tickets_url,
        "OPSDASH_COMMENTS_URL": comments_url,
        "OPSDASH_NOTIFICATIONS_URL": notifications_url,
        "OPSDASH_SLA_MONITOR_URL": sla_monitor_url,
        "OPSDASH_CRON_SECRET": CRON_SECRET,
        "OPSDASH_SESSION_SECRET": SESSION_SECRET,
        "OPSDASH_OIDC_CLIENT_ID": "opsdash-console",
        "OPSDASH_OPERATIONS_PORT": str(free_port()),
        "OPSDASH_PUBLIC_URL": "http://127.0.0.1",
        "OPSDASH_USER_REQUESTS_PER_SECOND": "200",
        "OPSDASH_USER_REQUEST_BURST": "100",
        "OPSDASH_ADDRESS_REQUESTS_PER_SECOND": "10000",
        "OPSDASH_ADDRESS_REQUEST_BURST": "10000",
    }
