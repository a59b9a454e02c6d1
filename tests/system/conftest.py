"""The public door in front of the real owner services, on real PostgreSQL and a real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from opsdash_local.ports import LOOPBACK, free_port

from tests.integration.api_fixture import Api, running_api
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.forking import prepare
from tests.support.helpdesk import comments_environment, gateway_environment, monitor_environment
from tests.support.issuer import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import WORKSPACE_TOKEN, Client
from tests.support.workspace import OrgFixture, seed_members


@dataclass
class Door:
    """Gateway, tickets and comments, and people in front of them."""

    api: Api
    gateway: ServiceProcess
    comments: ServiceProcess
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
    issuer: TestIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    prepare("opsdash_tickets", "opsdash_comments", "opsdash_gateway")
    database = await clone("comments", comments_template)
    async with running_api(tickets_template, issuer, folder) as api:
        await seed_members(database.worker_url, api.stack.workspace)
        settings = comments_environment(api.stack, database, api.service.url)
        with ServiceProcess("comments", settings, folder) as comments:
            port = free_port()
            urls = {"tickets_url": api.service.url, "comments_url": comments.url}
            urls["sla_monitor_url"] = f"http://{LOOPBACK}:{port}"  # nobody, until a test starts one there
            with ServiceProcess("gateway", gateway_environment(api.stack, **urls), folder) as gateway:
                await comments.ready()
                await gateway.ready()
                yield Door(api, gateway, comments, database, port)
    await drop(database)


@asynccontextmanager
async def sla_monitor(door: Door, template: ServiceDatabase, folder: Path) -> AsyncIterator[ServiceProcess]:
    """An SLA monitor where the gateway looks for it, for as long as the block lasts."""
    stack, database = door.api.stack, await clone("sla-monitor", template)
    environment = monitor_environment(stack, database, door.api.service.url)
    own = {"OPSDASH_HTTP_PORT": str(door.monitor_port)}
    with ServiceProcess("sla-monitor", environment | own, folder) as process:
        yield await process.ready()
    await drop(database)
