"""Fixtures: the service's handlers on a database with three orgs, or the running service on that and a broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaNotice
from opsdash_contracts.topics import COMMENTS, SLA, TICKETS
from opsdash_notifications.directory.consumers import WORKSPACE_HANDLERS
from opsdash_notifications.escalation.consumers import SLA_HANDLERS
from opsdash_notifications.inbox.consumers import TICKET_HANDLERS, comment_handlers
from opsdash_notifications.tickets.model import KnownTicket

from services.notifications.tests.happenings import TicketStory, message
from tests.support.brokers import Broker, broker_of_its_own
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.fixtures import ServiceFactory, TemplateOf
from tests.support.http_servers import TestIssuer
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stack import NOBODY, Client, Stack, notifications_environment
from tests.support.workspace import OrgFixture, Workspace, seed_members


@dataclass
class FakeTickets:
    """Answers for the tickets service."""

    there: dict[UUID, KnownTicket] = field(default_factory=dict)
    asked: list[UUID | int] = field(default_factory=list)

    async def known(self, org_id: UUID, reference: UUID | int) -> KnownTicket | None:
        self.asked.append(reference)
        found = self.there.get(reference) if isinstance(reference, UUID) else None
        return found if found is not None and found.org_id == org_id else None


@dataclass
class Desk:
    """The service's handlers on a database of their own; every event is a transaction."""

    connection: Any
    database: ServiceDatabase
    workspace: Workspace
    tickets: FakeTickets = field(default_factory=FakeTickets)

    @property
    def ours(self) -> OrgFixture:
        return self.workspace.ours

    def story(self, org: OrgFixture | None = None, **more: Any) -> TicketStory:
        org = org or self.ours
        return TicketStory(org.id, creator=org.member, **more)

    @asynccontextmanager
    async def work(self) -> AsyncIterator[UnitOfWork]:
        async with self.connection.transaction():
            yield UnitOfWork(self.connection, await self.connection.fetchval("SELECT now()"))

    async def apply(self, *events: Event[Any]) -> None:
        tickets_client: Any = self.tickets
        handlers: dict[str, Any] = {
            **WORKSPACE_HANDLERS,
            **TICKET_HANDLERS,
            **SLA_HANDLERS,
            **comment_handlers(tickets_client),
        }
        for event in events:
            async with self.work() as work:
                await handlers[event.envelope.type](work, event)

    async def rows(self, org: OrgFixture | None = None) -> dict[UUID, dict[str, Any]]:
        """The rows of the inboxes by person; for tests with one ticket."""
        found = await self.connection.fetch("SELECT * FROM inbox_rows WHERE org_id = $1", (org or self.ours).id)
        return {row["user_id"]: dict(row) for row in found}

    async def notices(self) -> list[tuple[str, str, str, UUID]]:
        """What is to be published, in its order: event, channel, reason or why, and the person."""
        found = await self.connection.fetch("""
            SELECT h.event_type, h.data ->> 'channel' AS channel,
                   coalesce(h.data ->> 'why', h.data ->> 'reason') AS what,
                   (h.data ->> 'recipient_id')::uuid AS person
            FROM outbox o JOIN history h USING (event_id) ORDER BY o.position
        """)
        return [tuple(row) for row in found]


@pytest.fixture
async def notifications_database(template_of: TemplateOf) -> AsyncIterator[ServiceDatabase]:
    database = await clone("notifications", await template_of("notifications"))
    yield database
    await drop(database)


@pytest.fixture
async def desk(notifications_database: ServiceDatabase) -> AsyncIterator[Desk]:
    workspace = Workspace()
    await seed_members(notifications_database.worker_url, workspace)
    connection = await asyncpg.connect(notifications_database.worker_url)
    yield Desk(connection, notifications_database, workspace)
    await connection.close()


@pytest.fixture
async def installed_long_ago(notifications_database: ServiceDatabase) -> None:
    """Events of yesterday are news."""
    owner = await asyncpg.connect(notifications_database.owner_url)
    await owner.execute("""
        CREATE OR REPLACE FUNCTION installed_at() RETURNS timestamptz LANGUAGE sql IMMUTABLE
        RETURN '2020-01-01'::timestamptz
    """)
    await owner.close()


@dataclass
class Running:
    """The servers, the service once it is started, and the people of three orgs."""

    stack: Stack
    database: ServiceDatabase
    broker: Broker
    start_service: ServiceFactory
    process: ServiceProcess | None = None

    @property
    def ours(self) -> OrgFixture:
        return self.stack.workspace.ours

    @property
    def foreign(self) -> OrgFixture:
        return self.stack.workspace.foreign

    async def start(self, **overrides: str) -> ServiceProcess:
        """One more, which people call from now on."""
        environment = notifications_environment(self.stack, self.database, NOBODY)
        self.process = self.start_service("notifications", environment | overrides)
        return await self.process.ready()

    def story(self, **more: Any) -> TicketStory:
        return TicketStory(self.ours.id, creator=self.ours.member, **more)

    def client(self, user_id: UUID) -> Client:
        assert self.process is not None
        return self.stack.client(self.process, user_id)

    async def send(self, *events: Event[Any]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap_servers, acks="all")
        await producer.start()
        try:
            for event in events:
                key, value, headers = message(event)
                await producer.send_and_wait(_topic(event), value, key=key, headers=headers)
        finally:
            await producer.stop()

    async def query(self, statement: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self.database.worker_url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def handled(self, events: Iterable[Event[Any]]) -> None:
        """Until each of them is in the inbox of events."""
        wanted = {event.envelope.id for event in events}

        async def there() -> bool:
            rows = await self.query("SELECT event_id FROM inbox")
            return wanted <= {row["event_id"] for row in rows}

        await eventually(there, timeout=40)


def _topic(event: Event[Any]) -> str:
    if isinstance(event.data, CommentEvent):
        return COMMENTS
    return SLA if isinstance(event.data, SlaNotice) else TICKETS


@pytest.fixture
async def running(
    notifications_database: ServiceDatabase, issuer: TestIssuer, start_service: ServiceFactory, tmp_path: Path
) -> AsyncIterator[Running]:
    workspace = Workspace()
    await seed_members(notifications_database.worker_url, workspace)
    async with broker_of_its_own(tmp_path) as broker:
        stack = Stack(notifications_database, broker, issuer, start_service, workspace)
        yield Running(stack, notifications_database, broker, start_service)


@pytest.fixture
async def served(running: Running) -> AsyncIterator[Running]:
    process = await running.start()
    yield running
    process.sigkill()
