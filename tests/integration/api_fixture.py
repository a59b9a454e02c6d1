"""One running tickets service for a module of tests; every test uses tickets, or an org, of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from opsdash_chassis.kafka.topics import create_topics

from tests.support.brokers import PARTITIONS, new_broker
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.issuer import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import Client, Stack
from tests.support.workspace import OrgFixture, Workspace, seed


class Api:
    """The running service, and people to call it as."""

    def __init__(self, stack: Stack, service: ServiceProcess) -> None:
        self.stack = stack
        self.service = service
        self.ours = stack.workspace.ours
        self.foreign = stack.workspace.foreign
        self.free = stack.workspace.free
        self.path = f"/orgs/{self.ours.slug}/tickets"

    def as_(self, role: str, org: OrgFixture | None = None) -> Client:
        return self.stack.client(self.service, getattr(org or self.ours, role))

    async def new_org(self, org: OrgFixture) -> Client:
        """Add an org to the directory; returns its owner."""
        await seed(
            self.stack.database.worker_url, Workspace(org, OrgFixture(f"{org.slug}-x"), OrgFixture(f"{org.slug}-y"))
        )
        return self.as_("owner", org)


@asynccontextmanager
async def running_api(template: ServiceDatabase, issuer: TestIssuer, folder: Path) -> AsyncIterator[Api]:
    kafka = new_broker(folder)
    kafka.start()
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
    database = await clone("tickets", template)
    stack = Stack(database, kafka, issuer, lambda *_args, **_kwargs: None)
    await seed(database.worker_url, stack.workspace)
    service = ServiceProcess("tickets", stack.tickets_environment, folder).start()
    await service.ready()
    yield Api(stack, service)
    service.sigkill()
    await drop(database)
    kafka.kill()
