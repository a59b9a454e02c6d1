"""The public door in front of a real tickets service, on real PostgreSQL and a real broker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from opsdash_local.ports import free_port

from tests.integration.api_fixture import Api, running_api
from tests.support.databases import ServiceDatabase
from tests.support.issuer import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import CRON_SECRET, INTERNAL_TOKEN, PARTITIONS, WORKSPACE_TOKEN, Client
from tests.support.workspace import OrgFixture


@dataclass
class Door:
    """Gateway and tickets, and people in front of them."""

    api: Api
    gateway: ServiceProcess

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
    tickets_template: ServiceDatabase, issuer: TestIssuer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("door")
    async with running_api(tickets_template, issuer, folder) as api:
        environment = {
            "OPSDASH_PROFILE": "local",
            "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": api.stack.kafka.bootstrap_servers,
            "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "false",
            "OPSDASH_KAFKA_PARTITIONS": str(PARTITIONS),
            "OPSDASH_INTERNAL_TOKEN": INTERNAL_TOKEN,
            "OPSDASH_WORKSPACE_TOKEN": WORKSPACE_TOKEN,
            "OPSDASH_CRON_SECRET": CRON_SECRET,
            "OPSDASH_TICKETS_URL": api.service.url,
            "OPSDASH_SLA_MONITOR_URL": "http://127.0.0.1:1",
            "OPSDASH_OPERATIONS_PORT": str(free_port()),
            "OPSDASH_PUBLIC_URL": "http://127.0.0.1",
            **issuer.environment,
        }
        gateway = ServiceProcess("gateway", environment, folder).start()
        await gateway.ready()
        yield Door(api, gateway)
        gateway.sigkill()
