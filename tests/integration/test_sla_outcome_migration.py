"""Tickets that were finished before outcomes were stored are judged once, by the due time they had then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.database.migrations import migrations_of, upgrade

from tests.support.databases import ServiceDatabase, drop, migrate, not_migrated

ORG, PERSON = uuid4(), uuid4()
DUE = datetime(2026, 3, 2, 12, tzinfo=UTC)
IN_TIME, LATE = DUE - timedelta(hours=1), DUE + timedelta(hours=1)
LATER = DUE + timedelta(days=30)
_TICKET = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                     updated_at, sla_due_at, resolved_at, version)
VALUES ($1, $2, $3, 't', '', $4, 'low', 'general', $5, $6, $6, $7, $8, 1)
"""
_EVENT = """
INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type, occurred_at, topic, headers, data)
VALUES (gen_random_uuid(), $1, $2, $3, 'support_ticket.updated', now(), 't', '{}', $4)
"""
Version = tuple[str, datetime | None, datetime | None]


@dataclass
class Finished:
    """A ticket with its versions: status, due time, time of finishing. The last one is its row."""

    wanted: str | None
    versions: list[Version]
    with_history: bool = True
    id: UUID = field(default_factory=uuid4)


CASES = {
    "resolved in time": Finished("met", [("open", DUE, None), ("resolved", DUE, IN_TIME)]),
    "resolved exactly then": Finished("met", [("open", DUE, None), ("resolved", DUE, DUE)]),
    "resolved late": Finished("missed", [("open", DUE, None), ("resolved", DUE, LATE)]),
    "without a due time": Finished("none", [("open", None, None), ("closed", None, LATE)]),
    "created as closed": Finished("met", [("closed", DUE, IN_TIME)]),
    "late, then moved": Finished("missed", [("open", DUE, None), ("resolved", DUE, LATE), ("resolved", LATER, LATE)]),
    "late, then cleared": Finished("missed", [("open", DUE, None), ("closed", DUE, LATE), ("closed", None, LATE)]),
    "late, then closed": Finished("missed", [("resolved", DUE, LATE), ("closed", DUE, LATE), ("closed", LATER, LATE)]),
    "set afterwards": Finished("none", [("open", None, None), ("resolved", None, LATE), ("resolved", LATER, LATE)]),
    "in time, opened, late": Finished(
        "missed", [("resolved", DUE, IN_TIME), ("open", DUE, None), ("closed", DUE, LATE)]
    ),
    "late, opened, moved, in time": Finished(
        "met", [("resolved", DUE, LATE), ("open", LATER, None), ("resolved", LATER, LATE + timedelta(hours=1))]
    ),
    "without a history": Finished("missed", [("resolved", DUE, LATE)], with_history=False),
    "open and overdue": Finished(None, [("open", DUE, None)]),
    "opened again": Finished(None, [("resolved", DUE, LATE), ("open", DUE, None)]),
}  # fmt: skip


async def insert(connection: asyncpg.Connection[asyncpg.Record], ticket: Finished, number: int) -> None:
    status, due, resolved = ticket.versions[-1]
    created = IN_TIME - timedelta(days=1)
    await connection.execute(_TICKET, ORG, ticket.id, number, status, PERSON, created, due, resolved)
    for version, (_, due_then, resolved_then) in enumerate(ticket.versions if ticket.with_history else [], start=1):
        data = {"sla_due_at": _text(due_then), "resolved_at": _text(resolved_then)}
        await connection.execute(_EVENT, ORG, ticket.id, version, json.dumps(data))


def _text(moment: datetime | None) -> str | None:
    return moment and moment.isoformat()


@pytest.fixture(scope="module")
async def judged(tickets_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
    """A database as the release before left it, with more tickets than are judged at once, then migrated."""
    database = await not_migrated("tickets", tickets_template)
    await asyncio.to_thread(upgrade, migrations_of("opsdash_tickets"), database.owner_url, "0009")
    connection = await asyncpg.connect(database.worker_url)
    for number, ticket in enumerate(CASES.values(), start=1):
        await insert(connection, ticket, number)
    many: list[tuple[Any, ...]] = [
        (ORG, uuid4(), number, "closed", PERSON, IN_TIME, DUE, IN_TIME if number % 2 else LATE)
        for number in range(1000, 5300)
    ]
    await connection.executemany(_TICKET, many)
    await connection.close()
    await migrate("tickets", database.owner_url)
    yield database
    await drop(database)


class TestFinishedBefore:
    @pytest.mark.parametrize("case", CASES)
    async def test_is_judged_by_the_due_time_it_had_then(self, judged: ServiceDatabase, case: str):
        (row,) = await judged.fetch("SELECT sla_outcome FROM tickets WHERE id = $1", CASES[case].id)
        assert row["sla_outcome"] == CASES[case].wanted

    async def test_all_of_them_are_however_many(self, judged: ServiceDatabase):
        rows = await judged.fetch(
            "SELECT sla_outcome, count(*) FROM tickets WHERE number >= 1000 GROUP BY 1 ORDER BY 1"
        )
        assert [tuple(row) for row in rows] == [("met", 2150), ("missed", 2150)]

    async def test_the_owner_sees_and_changes_nothing_afterwards(self, judged: ServiceDatabase):
        connection = await asyncpg.connect(judged.owner_url)
        assert await connection.fetchval("SELECT count(*) FROM history") == 0
        assert await connection.execute("UPDATE tickets SET sla_outcome = 'met'") == "UPDATE 0"
        await connection.close()


class TestReleaseBefore:
    """It runs beside this one for the time of an upgrade, and writes everything but the outcome."""

    async def test_a_ticket_it_opens_again_has_no_outcome(self, judged: ServiceDatabase):
        ticket = CASES["resolved late"].id
        opened = "UPDATE tickets SET status = 'open', resolved_at = NULL WHERE id = $1 RETURNING sla_outcome"
        assert (await judged.fetch(opened, ticket))[0]["sla_outcome"] is None
        finished = "UPDATE tickets SET status = 'closed', resolved_at = now() WHERE id = $1 RETURNING sla_outcome"
        assert (await judged.fetch(finished, ticket))[0]["sla_outcome"] is None
