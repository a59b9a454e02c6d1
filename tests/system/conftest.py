"""Fixtures of the system tests: the gateway in front of the real services; visitors, tickets and attacked orgs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.database.pools import Database
from opsdash_chassis.settings import DatabaseSettings
from opsdash_gateway.console.auth.session import SIGNED_IN, SIGNING_OUT
from opsdash_http.security.authentication import USER
from opsdash_local.dev_issuer.settings import LocalGatewaySettings
from opsdash_local.ports import LOOPBACK, free_port
from opsdash_local.services import GATEWAY

from tests.integration.stacks import Api, running_api
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.fixtures import TemplateOf
from tests.support.hostile_requests import Attacker
from tests.support.hostile_text import active_content
from tests.support.http_servers import TestIssuer
from tests.support.load import Worker
from tests.support.service_process import ServiceProcess, prepare
from tests.support.services import CRON, FEED, gateway_settings, settings_in
from tests.support.stack import (
    CRON_SECRET,
    SESSION_SECRET,
    WORKSPACE_TOKEN,
    Client,
    Stack,
    comments_environment,
    gateway_environment,
    monitor_environment,
    notifications_environment,
)
from tests.support.web_clients import ORIGIN, Visitor
from tests.support.workspace import OrgFixture, seed_members


@dataclass
class Door:
    """Gateway, tickets, comments and notifications, and people in front of them."""

    api: Api
    gateway: ServiceProcess
    comments: ServiceProcess
    notifications: ServiceProcess
    comments_database: ServiceDatabase
    monitor_port: int

    def as_(self, role: str, org: OrgFixture | None = None) -> Client:
        user = getattr(org or self.api.ours, role)
        return Client(self.gateway.url, self.api.stack.issuer.authorization(user))

    def anonymous(self, **headers: str) -> Client:
        return Client(self.gateway.url, headers)

    def sync(self) -> Client:
        """OpsDash itself, feeding the directory."""
        return Client(self.gateway.url, {"Authorization": f"Bearer {WORKSPACE_TOKEN}"})


@pytest.fixture(scope="package")
async def door(
    tickets_template: ServiceDatabase,
    comments_template: ServiceDatabase,
    template_of: TemplateOf,
    issuer: TestIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    prepare("opsdash_tickets", "opsdash_comments", "opsdash_notifications", "opsdash_gateway")
    database = await clone("comments", comments_template)
    notices_database = await clone("notifications", await template_of("notifications"))
    async with running_api(tickets_template, issuer, folder) as api:
        for made_for in (database, notices_database):
            await seed_members(made_for.worker_url, api.stack.workspace)
        settings = comments_environment(api.stack, database, api.service.url)
        own = notifications_environment(api.stack, notices_database, api.service.url)
        with (
            ServiceProcess("comments", settings, folder) as comments,
            ServiceProcess("notifications", own, folder) as notices,
        ):
            port = free_port()
            urls = {"tickets_url": api.service.url, "comments_url": comments.url, "notifications_url": notices.url}
            urls["sla_monitor_url"] = f"http://{LOOPBACK}:{port}"  # nobody, until a test starts one there
            with ServiceProcess("gateway", gateway_environment(api.stack, **urls), folder) as gateway:
                await comments.ready()
                await notices.ready()
                await gateway.ready()
                yield Door(api, gateway, comments, notices, database, port)
    await drop(database)
    await drop(notices_database)


@asynccontextmanager
async def sla_monitor(door: Door, template: ServiceDatabase, folder: Path) -> AsyncIterator[ServiceProcess]:
    """An SLA monitor where the gateway looks for it, for as long as the block lasts."""
    stack, database = door.api.stack, await clone("sla-monitor", template)
    environment = monitor_environment(stack, database, door.api.service.url)
    own = {"OPSDASH_HTTP_PORT": str(door.monitor_port)}
    with ServiceProcess("sla-monitor", environment | own, folder) as process:
        yield await process.ready()
    await drop(database)


BOUND_PER_CHARACTER, BOUND_MORE = 8, 16 * 1024


def check_bound(text: str, html: str) -> None:
    assert len(html) <= BOUND_PER_CHARACTER * len(text) + BOUND_MORE
    assert active_content(html) == []


@asynccontextmanager
async def open_database(kind: type[DatabaseSettings], environment: Mapping[str, str]) -> AsyncIterator[Database]:
    settings = kind(**settings_in(environment))
    database = Database(settings, name="test")
    await database.open()
    try:
        yield database
    finally:
        await database.close()


def visitor(door: Door, role: str, org: OrgFixture | None = None) -> Visitor:
    place = org or door.api.ours
    user = getattr(place, role)
    token = door.api.stack.issuer.authorization(user)["Authorization"].removeprefix("Bearer ")
    return Visitor(door.gateway.url, place.slug, user, token, SESSION_SECRET, name=f"{role} of {place.slug}")


async def new_ticket(door: Door, **fields: Any) -> dict[str, Any]:
    made = await door.as_("member").call("POST", "/api/orgs/ours/tickets", {"title": "A ticket", **fields})
    assert made.status == 201, made.body
    body: dict[str, Any] = made.body
    return body


async def current(door: Door, ticket: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = (await door.as_("owner").call("GET", f"/api/orgs/ours/tickets/{ticket['number']}")).body
    return body


def at(ticket: dict[str, Any], rest: str = "") -> str:
    return f"/support/{ticket['number']}{rest}"


#: Settings of tests that are not about limits.
_LOOSER = ("OPSDASH_ORG_REQUEST", "OPSDASH_USER_REQUEST", "OPSDASH_ADDRESS_REQUEST")
TICKETS = 3000
_MANY = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                     updated_at, version)
SELECT $1, gen_random_uuid(), n + 1000000, repeat('long title ', 18), '', 'open', 'low', 'general', $2, now(), now(), 1
FROM generate_series(1, $3::int) n
"""

CHANNEL = {"name": "Target", "address": "ntfys://chat.example.test/target-0123456789", "reasons": ["sla_breached"]}
TARGET_PARTS = ("reference", "number", "comment_id", "channel_id")


@dataclass
class Served:
    """Everything started and ready."""

    stack: Stack
    services: dict[str, ServiceProcess]

    @property
    def gateway(self) -> ServiceProcess:
        return self.services["gateway"]

    @property
    def settings(self) -> LocalGatewaySettings:
        return gateway_settings(self.gateway.env)

    def client(self, user: UUID) -> Client:
        return self.stack.client(self.gateway, user)

    async def worker(self, role: str) -> Worker:
        """Somebody of the other org, with two tickets; one has a few comments to be read."""
        org = self.stack.workspace.foreign
        client = self.client(getattr(org, role))
        tickets = [await made(client, f"/api/orgs/{org.slug}/tickets", {"title": "Work"}) for _ in range(2)]
        read, commented = (ticket["number"] for ticket in tickets)
        for _ in range(5):
            await made(client, f"/api/orgs/{org.slug}/tickets/{read}/comments", {"body": "A *remark*."})
        return Worker(client.url, org.slug, client.headers, read, commented)

    async def attacker(self, user: UUID) -> Attacker:
        """Somebody who sends to our org: an owner of it may do the most, a stranger has a token only."""
        org = self.stack.workspace.ours
        owner, token = self.client(org.owner), self.stack.issuer.token(user)
        values = address_parts(org.slug, org.owner)
        pages = (Visitor(self.gateway.url, org.slug, user, token, SESSION_SECRET) for _ in range(2))
        page, leaving = (
            {"Cookie": visitor.cookie(), "X-CSRF-Token": visitor.csrf, "Origin": ORIGIN} for visitor in pages
        )
        credentials = {USER: bearer(token), FEED: bearer(WORKSPACE_TOKEN), CRON: bearer(CRON_SECRET)}
        credentials |= {SIGNED_IN: page, SIGNING_OUT: leaving}  # each a session of its own: who signs out ends it
        return Attacker(credentials, values | await target(owner, org.slug), await target(owner, org.slug))


def address_parts(slug: str, user_id: UUID) -> dict[str, str]:
    """What stands in addresses, by the name of its place; see `target` for the rest."""
    parts = {"slug": slug, "locale": "en", "kind": "company", "entity_id": str(uuid4()), "user_id": str(user_id)}
    return (
        parts
        | {"event_type": "sla.missed", "file": "v1.json", "name": "x", "rest": "x"}
        | {"row_id": str(uuid4()), "reminder_id": str(uuid4())}
        | {
            "names": "mentioned",
            "signature": "x",
        }
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def target(owner: Client, slug: str) -> dict[str, str]:
    """A ticket, a comment and a team channel, as they stand in addresses."""
    ticket = await made(owner, f"/api/orgs/{slug}/tickets", {"title": "Target"})
    comment = await made(owner, f"/api/orgs/{slug}/tickets/{ticket['number']}/comments", {"body": "Target"})
    number = str(ticket["number"])
    channel = await made(owner, f"/api/orgs/{slug}/settings/team-channels", CHANNEL)
    return dict(zip(TARGET_PARTS, (number, number, comment["id"], channel["id"]), strict=True))


async def made(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.call("POST", path, body)
    assert answer.status == 201, answer.body
    found: dict[str, Any] = answer.body
    return found


@asynccontextmanager
async def all_served(stack: Stack, templates: Mapping[str, ServiceDatabase], folder: Path) -> AsyncIterator[Served]:
    """The services of a stack; the databases beside that of tickets are made from these templates."""
    databases = {name: await clone(name, templates[name]) for name in ("comments", "notifications", "sla-monitor")}
    for name in ("comments", "notifications"):
        await seed_members(databases[name].worker_url, stack.workspace)
    await _fill(stack)
    try:
        services = _start(stack, databases, folder)
        for service in services.values():
            await service.ready()
        yield Served(stack, services)
    finally:
        for database in databases.values():
            await drop(database)


async def _fill(stack: Stack) -> None:
    connection = await asyncpg.connect(stack.database.worker_url)
    await connection.execute(_MANY, stack.workspace.ours.id, stack.workspace.ours.owner, TICKETS)
    await connection.close()


def _start(stack: Stack, databases: Mapping[str, ServiceDatabase], folder: Path) -> dict[str, ServiceProcess]:
    tickets = _started(stack, "tickets", stack.tickets_environment)
    comments = _started(stack, "comments", comments_environment(stack, databases["comments"], tickets.url))
    monitor = _started(stack, "sla-monitor", monitor_environment(stack, databases["sla-monitor"], tickets.url))
    notices = _started(
        stack, "notifications", notifications_environment(stack, databases["notifications"], tickets.url)
    )
    urls = {"tickets_url": tickets.url, "comments_url": comments.url, "sla_monitor_url": monitor.url}
    urls["notifications_url"] = notices.url
    people = folder / "people.json"
    people.write_text(json.dumps([{"user_id": str(stack.workspace.ours.owner), "name": "Owner", "memberships": []}]))
    issuer = {
        "OPSDASH_DEV_ISSUER_KEY_FILE": str(folder / "key.pem"),
        "OPSDASH_DEV_PEOPLE_FILE": str(people),
    }
    gateway = _started(stack, "gateway", gateway_environment(stack, **urls) | issuer, program=GATEWAY.program)
    started = {"tickets": tickets, "comments": comments, "sla-monitor": monitor}
    return started | {"notifications": notices, "gateway": gateway}


def _started(stack: Stack, service: str, environment: Mapping[str, str], program: str | None = None) -> ServiceProcess:
    """Not forked: a forked process would show the memory of another one."""
    delivered = {name: value for name, value in environment.items() if not name.startswith(_LOOSER)}
    return stack.start_service(service, delivered, name=service, fresh=True, program=program)
