"""The public door in front of the real owner services, on real PostgreSQL and a real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.integration.api_fixture import Api, running_api
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.helpdesk import comments_environment, gateway_environment
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

    def as_(self, role: str, org: OrgFixture | None = None) -> Client:
        user = getattr(org or self.api.ours, role)
        return Client(self.gateway.url, self.api.stack.issuer.authorization(user))

    def anonymous(self, **headers: str) -> Client:
        return Client(self.gateway.url, headers)

    def sync(self) -> Client:
        """OpsDash itself, feeding the directory."""
        return Client(self.gateway.url, {"Authorization": f"Bearer {WORKSPACE_TOKEN}"})


@pytest.fixture(scope="session")
async def door(
    tickets_template: ServiceDatabase,
    comments_template: ServiceDatabase,
    issuer: TestIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    database = await clone("comments", comments_template)
    async with running_api(tickets_template, issuer, folder) as api:
        await seed_members(database.worker_url, api.stack.workspace)
        settings = comments_environment(api.stack, database, api.service.url)
        with ServiceProcess("comments", settings, folder) as comments:
            urls = {"tickets_url": api.service.url, "comments_url": comments.url}
            with ServiceProcess("gateway", gateway_environment(api.stack, **urls), folder) as gateway:
                await comments.ready()
                await gateway.ready()
                yield Door(api, gateway, comments, database)
    await drop(database)
