"""Fixtures: a database of the service with three orgs, and its handlers applied there one event after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_notifications.directory.consumers import WORKSPACE_HANDLERS
from opsdash_notifications.escalation.consumers import SLA_HANDLERS
from opsdash_notifications.inbox.consumers import TICKET_HANDLERS, comment_handlers
from opsdash_notifications.tickets.model import KnownTicket

from services.notifications.tests.happenings import TicketStory
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.fixtures import TemplateOf
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
