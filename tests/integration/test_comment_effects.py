"""Facts that cross between tickets and comments: repeats and other orders change nothing; tenants stay apart."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.consuming.handler import ReceivedEvent
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_comments.threads.model import TicketSnapshot
from opsdash_comments.threads.repository import upsert_tickets
from opsdash_contracts import comments as events
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import COMMENTS
from opsdash_tickets.comments.service import apply_comments

from tests.support.databases import ServiceDatabase, clone, drop

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORG, TICKET, CREATOR = uuid4(), uuid4(), uuid4()
NO_TRACE: Any = SimpleNamespace(headers=[])
NEW_TICKET = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                     updated_at, version)
VALUES ($1, $2, 1, 'x', '', 'open', 'medium', 'general', $3, $4, $4, 1)
"""


def event(kind: str, comment_id: UUID, version: int, sequence: int, *, author: UUID = CREATOR) -> Event[CommentEvent]:
    at = NOW + timedelta(minutes=sequence)
    data = CommentEvent(
        org_id=ORG, version=version, comment_id=comment_id, ticket_id=TICKET, ticket_sequence=sequence, parent_id=None,
        author_id=author, mentions=[], new_mentions=[], created_at=at, edited_at=None, edited_by=None,
        deleted_at=at if kind == events.DELETED else None, changes={},
    )  # fmt: skip
    return Event.of(data, type=kind, id=uuid4(), time=at, actor_id=author)


@pytest.fixture
async def worker(tickets_database: ServiceDatabase) -> AsyncIterator[Any]:
    """The role that consumes, in the tickets database, with one ticket."""
    connection = await asyncpg.connect(tickets_database.worker_url)
    await connection.execute(NEW_TICKET, ORG, TICKET, CREATOR, NOW)
    yield connection
    await connection.close()


@pytest.fixture
async def comments_database(comments_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
    made = await clone("comments", comments_template)
    yield made
    await drop(made)


async def apply(connection: Any, *items: Event[CommentEvent]) -> None:
    """Together, in one transaction."""
    received = [ReceivedEvent(item, COMMENTS, NO_TRACE) for item in items]
    async with connection.transaction():
        await apply_comments(UnitOfWork(connection, NOW + timedelta(hours=1)), received)


async def ticket(connection: Any) -> Any:
    return await connection.fetchrow("SELECT * FROM tickets WHERE id = $1", TICKET)


class TestCount:
    @pytest.mark.parametrize("together", [1, 5, 18])
    async def test_any_order_and_any_number_of_repeats_give_the_living_comments(self, worker: Any, together: int):
        first, second, third = uuid4(), uuid4(), uuid4()
        history = [
            event(events.CREATED, first, 1, 1), event(events.CREATED, second, 1, 2), event(events.DELETED, first, 2, 3),
            event(events.UPDATED, second, 2, 4), event(events.CREATED, third, 1, 5), event(events.DELETED, third, 2, 6),
        ]  # fmt: skip
        chance = random.Random(4)  # noqa: S311 - variety, not secrecy
        shuffled = chance.sample(history * 3, len(history) * 3)
        for start in range(0, len(shuffled), together):
            await apply(worker, *shuffled[start : start + together])
        row = await ticket(worker)
        assert (row["comment_count"], row["version"], row["first_response_at"]) == (1, 1, None)
        assert row["updated_at"] == NOW + timedelta(minutes=6)
        assert await worker.fetchval("SELECT count(*) FROM comment_history") == len(history)


class TestFirstResponse:
    @pytest.mark.parametrize("together", [1, 4])
    async def test_is_stamped_once_by_somebody_else_with_a_version_and_its_event(self, worker: Any, together: int):
        other = uuid4()
        answer = event(events.CREATED, uuid4(), 1, 2, author=other)
        told = [
            event(events.CREATED, uuid4(), 1, 1),
            answer,
            answer,
            event(events.CREATED, uuid4(), 1, 3, author=uuid4()),
        ]
        for start in range(0, len(told), together):
            await apply(worker, *told[start : start + together])
        row = await ticket(worker)
        assert (row["first_response_at"], row["version"], row["comment_count"]) == (answer.data.created_at, 2, 3)
        recorded = await worker.fetch("SELECT event_type, aggregate_version, actor_id FROM history")
        assert [tuple(item) for item in recorded] == [("support_ticket.updated", 2, other)]

    async def test_on_a_deleted_ticket_it_waits_for_the_restore_to_be_told(self, worker: Any):
        await worker.execute("UPDATE tickets SET deleted_at = now() WHERE id = $1", TICKET)
        answer = event(events.CREATED, uuid4(), 1, 1, author=uuid4())
        await apply(worker, answer)
        row = await ticket(worker)
        assert (row["first_response_at"], row["version"]) == (answer.data.created_at, 1)
        assert await worker.fetchval("SELECT count(*) FROM history") == 0


class TestTicketSnapshots:
    async def test_the_newest_wins_and_a_purge_is_final(self, comments_database: ServiceDatabase):
        def snapshot(version: int, *, deleted: bool = False, purged: bool = False) -> TicketSnapshot:
            return TicketSnapshot(ORG, TICKET, 1, version, NOW if deleted else None, NOW if purged else None)

        connection = await asyncpg.connect(comments_database.worker_url)
        given = [
            snapshot(3, deleted=True),
            snapshot(1),
            snapshot(3),
            snapshot(4),
            snapshot(5, deleted=True, purged=True),
            snapshot(6),
        ]
        known = []
        for learnt in given:
            stored = await upsert_tickets(connection, [learnt])
            known.append((bool(stored), await connection.fetchval("SELECT deleted_at FROM threads")))
        await connection.close()
        assert known == [(True, NOW), (False, NOW), (False, NOW), (True, None), (True, NOW), (False, NOW)]

    @pytest.mark.parametrize("known", [False, True])
    async def test_facts_that_come_together_leave_the_newest_of_each_ticket(
        self, comments_database: ServiceDatabase, known: bool
    ):
        def snapshot(ticket: UUID, version: int, *, deleted: bool = False) -> TicketSnapshot:
            return TicketSnapshot(ORG, ticket, tickets.index(ticket) + 1, version, NOW if deleted else None, None)

        connection = await asyncpg.connect(comments_database.worker_url)
        tickets = [uuid4() for _ in range(3)]
        first = [snapshot(ticket, 1) for ticket in tickets]
        later = [snapshot(tickets[0], 3), snapshot(tickets[0], 2, deleted=True), snapshot(tickets[1], 2, deleted=True)]
        assert known is False or await upsert_tickets(connection, first) == first
        stored = await upsert_tickets(connection, [*later, *first])
        rows = await connection.fetch("SELECT ticket_version, deleted_at FROM threads ORDER BY number")
        await connection.close()
        assert [tuple(row) for row in rows] == [(3, None), (2, NOW), (1, None)]
        assert {(item.ticket_id, item.version) for item in stored} >= {(item.ticket_id, item.version) for item in later}

    async def test_many_who_learn_of_a_new_ticket_at_once_agree(self, comments_database: ServiceDatabase):
        connections = [await asyncpg.connect(comments_database.worker_url) for _ in range(8)]
        for number in range(1, 201):
            snapshot = TicketSnapshot(ORG, uuid4(), number, 1, None, None)
            stored = await asyncio.gather(*(upsert_tickets(each, [snapshot]) for each in connections))
            assert [each for each in stored if each] == [[snapshot]]
        assert await connections[0].fetchval("SELECT count(*) FROM threads") == 200
        for each in connections:
            await each.close()


class TestRowSecurity:
    async def test_the_app_role_sees_and_writes_its_tenant_only(self, comments_database: ServiceDatabase):
        worker, app = [await asyncpg.connect(url) for url in (comments_database.worker_url, comments_database.app_url)]
        await upsert_tickets(worker, [TicketSnapshot(ORG, TICKET, 1, 1, None, None)])
        tables = await worker.fetch(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'org_id' AND table_schema = 'public'"
        )
        assert {"threads", "comments", "revisions", "orgs", "members", "history"} <= {row[0] for row in tables}
        for (table,) in tables:
            assert await app.fetch(f"SELECT 1 FROM {table}") == []
        for tenant, seen in ((ORG, 1), (uuid4(), 0)):
            async with app.transaction():
                await app.execute("SELECT set_config('app.org_id', $1, true)", str(tenant))
                assert len(await app.fetch("SELECT 1 FROM threads")) == seen
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute("UPDATE threads SET deleted_at = NULL")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute("DELETE FROM history")
        await worker.close()
        await app.close()
