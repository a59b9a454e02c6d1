"""Versions of tickets that come together: as if each had come alone, and nothing lost between two who follow them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.consuming.handler import ReceivedEvent
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.errors import Unavailable
from opsdash_contracts import sla, tickets
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import TICKETS
from opsdash_sla_monitor.deadlines.model import TicketState
from opsdash_sla_monitor.deadlines.service import follow_tickets, state_of
from opsdash_sla_monitor.deadlines.tickets_client import TicketsClient

from tests.integration.conftest import event_of
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.measurements import eventually

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ORG, PERSON = uuid4(), uuid4()
NOBODY: Any = None  # the owner is asked after a gap, and there is none


def version(ticket: UUID, number: int, *, due_in: timedelta, status: str = "open") -> ReceivedEvent[TicketEvent]:
    row = {
        "id": ticket, "org_id": ORG, "number": 1, "title": "x", "status": status, "priority": "medium",
        "category": "general", "created_by": PERSON, "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    kind = tickets.CREATED if number == 1 else tickets.UPDATED
    data = event_of(row, version=number, due_at=NOW + due_in)
    event = Event.of(data, type=kind, id=uuid4(), time=NOW, actor_id=PERSON)
    message: Any = SimpleNamespace(headers=event.envelope.to_headers())
    return ReceivedEvent(event, TICKETS, message)


@pytest.fixture
async def workers(sla_template: ServiceDatabase) -> AsyncIterator[list[Any]]:
    """Two connections of the role that consumes."""
    database = await clone("sla-monitor", sla_template)
    connections = [await asyncpg.connect(database.worker_url) for _ in range(2)]
    yield connections
    for connection in connections:
        await connection.close()
    await drop(database)


async def follow(
    worker: Any, received: Sequence[ReceivedEvent[TicketEvent]], tickets_client: TicketsClient = NOBODY
) -> None:
    async with worker.transaction():
        await follow_tickets(UnitOfWork(worker, NOW), received, tickets_client)


async def notified(worker: Any, ticket: UUID) -> list[tuple[str, int]]:
    rows = await worker.fetch(
        "SELECT event_type, aggregate_version FROM outbox JOIN history USING (event_id)"
        " WHERE history.aggregate_id = $1 ORDER BY position",
        ticket,
    )
    return [tuple(row) for row in rows]


async def deadline(worker: Any, ticket: UUID) -> Any:
    return await worker.fetchrow("SELECT * FROM deadlines WHERE ticket_id = $1", ticket)


HOUR = timedelta(hours=1)
NOTIFIED = [(sla.SCHEDULED, 1), (sla.RESCHEDULED, 2), (sla.MET, 3)]


def story(ticket: UUID) -> list[ReceivedEvent[TicketEvent]]:
    return [
        version(ticket, 1, due_in=4 * HOUR),
        version(ticket, 2, due_in=8 * HOUR),
        version(ticket, 3, due_in=8 * HOUR, status="resolved"),
    ]


@pytest.mark.parametrize("together", [1, 2, 3])
async def test_versions_that_come_together_do_what_they_do_alone(workers, together: int):
    worker, _ = workers
    one, other = uuid4(), uuid4()
    events = [event for pair in zip(story(one), story(other), strict=True) for event in pair]
    for start in range(0, len(events), 2 * together):
        await follow(worker, events[start : start + 2 * together])
    for ticket in (one, other):
        assert await notified(worker, ticket) == NOTIFIED
        found = await deadline(worker, ticket)
        assert (found["version"], found["sequence"], found["state"], found["next_at"]) == (3, 3, "met", None)
        assert (found["due_at"], found["since"]) == (NOW + 8 * HOUR, NOW)


async def test_what_is_known_already_changes_nothing(workers):
    worker, _ = workers
    ticket = uuid4()
    await follow(worker, story(ticket))
    before = await deadline(worker, ticket)
    await follow(worker, [*reversed(story(ticket)), *story(ticket)])
    assert await deadline(worker, ticket) == before
    assert await notified(worker, ticket) == NOTIFIED


class TestAfterAGap:
    async def test_the_owner_is_asked_while_nothing_is_locked(self, workers):
        worker, other = workers
        ticket = uuid4()
        first, _, third = story(ticket)
        await follow(worker, [first])

        class Asked:
            """The tickets service, which has version 5 by now."""

            async def state(self, org_id: UUID, ticket_id: UUID) -> TicketState:
                locked = await other.fetch(
                    "SELECT FROM deadlines WHERE org_id = $1 AND ticket_id = $2 FOR UPDATE NOWAIT", org_id, ticket_id
                )
                assert len(locked) == 1
                return state_of(version(ticket, 5, due_in=2 * HOUR).event.data)

        tickets_client: Any = Asked()
        await follow(
            worker, [third, version(ticket, 4, due_in=3 * HOUR), version(ticket, 6, due_in=HOUR)], tickets_client
        )
        found = await deadline(worker, ticket)
        assert (found["version"], found["due_at"]) == (6, NOW + HOUR)
        assert await notified(worker, ticket) == [(sla.SCHEDULED, 1), (sla.RESCHEDULED, 2), (sla.RESCHEDULED, 3)]

    async def test_while_it_does_not_answer_the_event_will_do(self, workers):
        worker, _ = workers
        ticket = uuid4()
        first, _, third = story(ticket)

        class Away:
            async def state(self, *_: object) -> TicketState:
                raise Unavailable("the owner is away")

        tickets_client: Any = Away()
        await follow(worker, [first, third], tickets_client)
        assert await notified(worker, ticket) == [(sla.SCHEDULED, 1), (sla.RESCHEDULED, 2), (sla.MET, 3)]


async def test_of_two_who_see_a_new_ticket_first_one_tries_again(workers):
    """Two replicas around a rebalance: the second waits for the first, and must not undo what that one stored."""
    first, second = workers
    ticket = uuid4()
    holding = first.transaction()
    await holding.start()
    await follow_tickets(UnitOfWork(first, NOW), story(ticket)[:2], NOBODY)
    overtaken = asyncio.create_task(follow(second, story(ticket)[:1]))

    async def waits() -> bool:
        blocking: list[int] = await first.fetchval("SELECT pg_blocking_pids($1)", second.get_server_pid())
        return bool(blocking)

    await eventually(waits)
    await holding.commit()
    with pytest.raises(Unavailable):
        await overtaken
    await follow(second, story(ticket))
    assert await notified(second, ticket) == NOTIFIED
