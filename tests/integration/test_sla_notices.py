"""A breach is told for what its owner confirms, once for ever, under the id that its due time gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.errors import Unavailable
from opsdash_contracts.sla import BREACHED, notice_id
from opsdash_contracts.tickets import Priority, SlaSource
from opsdash_sla_monitor.deadlines import repository
from opsdash_sla_monitor.deadlines.model import Deadline, State, Step
from opsdash_sla_monitor.deadlines.tickets_client import TicketsClient
from opsdash_sla_monitor.deadlines.verdicts import Verdict
from opsdash_sla_monitor.settings import SlaMonitorSettings
from opsdash_sla_monitor.sweep.decisions import Action, Decision
from opsdash_sla_monitor.sweep.notices import Notice, carry_out
from opsdash_sla_monitor.sweep.service import Sweeper
from pydantic import SecretStr

from tests.integration.conftest import SlaRunning
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.measurements import eventually
from tests.support.sla import Seed

PATIENCE_SECONDS = 30.0


class FakeUpstream:
    """Gives one verdict for everything, or none while it is away, and notes what it was asked about."""

    def __init__(self) -> None:
        self.verdict: Verdict | None = None
        self.asked: list[UUID] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def confirm(self, deadlines: Sequence[Deadline]) -> list[Verdict]:
        self.asked += [deadline.ticket_id for deadline in deadlines]
        if self.meanwhile:
            await self.meanwhile()
        if self.verdict is None:
            raise Unavailable("the owner is away")
        return [self.verdict] * len(deadlines)


@pytest.fixture
async def database(sla_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
    made = await clone("sla-monitor", sla_template)
    yield made
    await drop(made)


@pytest.fixture
async def worker(database: ServiceDatabase) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database.worker_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def sweeping(database: ServiceDatabase, tickets_client: FakeUpstream) -> AsyncIterator[Sweeper]:
    settings = SlaMonitorSettings.model_construct(
        database_url=SecretStr(database.app_url), database_worker_url=SecretStr(database.worker_url), crash_at=None,
        owner_patience_seconds=PATIENCE_SECONDS,
    )  # fmt: skip
    opened = Database(settings, name="sla-monitor")
    await opened.open()
    try:
        yield Sweeper(settings, opened, cast("TicketsClient", tickets_client))
    finally:
        await opened.close()


def overdue() -> Deadline:
    """Due a minute ago, as far as the monitor knows."""
    due = datetime.now(UTC) - timedelta(minutes=1)
    return Deadline(
        org_id=uuid4(), ticket_id=uuid4(), number=1, version=1, sequence=1, priority=Priority.MEDIUM, assignee_id=None,
        created_by=uuid4(), created_at=due - timedelta(hours=1), due_at=due, sla_source=SlaSource.MANUAL,
        state=State.RUNNING, since=due - timedelta(hours=1), next_step=Step.BREACH, next_at=due, tries=0,
        unanswered_since=None,
    )  # fmt: skip


async def notify(worker: Any, deadline: Deadline) -> Notice:
    """As a sweep does, which finds the deadline due and has it confirmed."""
    decision = Decision(Action.NOTIFY, Step.BREACH, deadline)
    async with worker.transaction():
        (notice,) = await carry_out(UnitOfWork(worker, datetime.now(UTC)), [decision])
    return notice


async def queued(worker: Any) -> list[UUID]:
    return [row["event_id"] for row in await worker.fetch("SELECT event_id FROM outbox ORDER BY position")]


class TestOnce:
    async def test_a_breach_found_again_is_the_same_notice_and_no_second_event(
        self, worker: Any, database: ServiceDatabase
    ):
        """Also when its event is forgotten: the notice decides, not the key of the history."""
        deadline = overdue()
        await repository.save_all(worker, [deadline])
        first = await notify(worker, deadline)
        wanted = notice_id(BREACHED, deadline.org_id, deadline.ticket_id, first.due_at)
        assert (first.is_new, first.event_id, await queued(worker)) == (True, wanted, [wanted])
        await database.fetch("DELETE FROM outbox")
        await database.fetch("DELETE FROM history")
        again = await notify(worker, deadline)
        assert again.event_id == wanted, "the same breach got another id"
        assert not again.is_new
        assert await queued(worker) == [], "the same breach was told again"
        rows = await worker.fetch("SELECT event_id, again_at FROM notices")
        assert [(row["event_id"], row["again_at"] is not None) for row in rows] == [(wanted, True)]

    async def test_another_due_time_is_another_notice(self, worker: Any):
        deadline = overdue()
        await repository.save_all(worker, [deadline])
        notified = [await notify(worker, at) for at in (deadline, moved(deadline))]
        assert [notice.is_new for notice in notified] == [True, True]
        assert len({notice.event_id for notice in notified}) == 2


class TestWhileTheUpstreamIsAsked:
    @pytest.fixture
    async def tickets_client(self) -> FakeUpstream:
        tickets_client = FakeUpstream()
        tickets_client.verdict = Verdict.OVERDUE
        return tickets_client

    async def test_nothing_is_locked_and_what_changed_is_not_told(
        self, worker: Any, database: ServiceDatabase, tickets_client: FakeUpstream
    ):
        changed, same = overdue(), overdue()
        await repository.save_all(worker, [changed, same])
        await worker.execute("SET lock_timeout = '100ms'")
        tickets_client.meanwhile = lambda: repository.save_all(worker, [replace(moved(changed), version=2)])
        async with sweeping(database, tickets_client) as sweeper:
            counts = await sweeper.sweep()
        assert sorted(tickets_client.asked) == sorted([changed.ticket_id, same.ticket_id])
        assert (counts.checked, counts.breached) == (1, 1)
        assert [row["ticket_id"] for row in await worker.fetch("SELECT ticket_id FROM notices")] == [same.ticket_id]

    async def test_what_another_sweep_has_locked_is_left_to_it(
        self, worker: Any, database: ServiceDatabase, tickets_client: FakeUpstream
    ):
        deadline = overdue()
        await repository.save_all(worker, [deadline])
        async with sweeping(database, tickets_client) as sweeper:
            async with worker.transaction():
                await repository.lock_all(worker, [deadline.key])
                assert (await sweeper.sweep()).checked == 0
            assert (await sweeper.sweep()).notified == 1

    async def test_two_that_ask_about_the_same_tell_it_once(
        self, worker: Any, database: ServiceDatabase, tickets_client: FakeUpstream
    ):
        await repository.save_all(worker, [overdue() for _ in range(20)])
        both_asked = asyncio.Barrier(2)
        tickets_client.meanwhile = both_asked.wait
        async with sweeping(database, tickets_client) as one, sweeping(database, tickets_client) as other:
            counts = await asyncio.gather(one.sweep(), other.sweep())
        assert sum(count.notified for count in counts) == 20
        assert sum(count.already_notified for count in counts) == 0
        assert len(await queued(worker)) == 20


class TestConfirmed:
    @pytest.mark.parametrize("verdict", [Verdict.FINISHED, Verdict.DELETED, Verdict.MOVED, Verdict.UNKNOWN, None])
    async def test_what_the_owner_does_not_confirm_waits_and_is_not_told(
        self, worker: Any, database: ServiceDatabase, verdict: Verdict | None
    ):
        deadline, tickets_client = overdue(), FakeUpstream()
        await repository.save_all(worker, [deadline])
        tickets_client.verdict = verdict
        async with sweeping(database, tickets_client) as sweeper:
            counts = await sweeper.sweep()
            assert tickets_client.asked == [deadline.ticket_id], "nobody asked the owner"
            assert (counts.checked, counts.breached) == (1, 0)
            assert await queued(worker) == []
            assert await worker.fetch("SELECT 1 FROM notices") == []
            waiting = await repository.read(worker, deadline.org_id, deadline.ticket_id)
            assert waiting is not None
            assert waiting.next_step is Step.BREACH
            tickets_client.verdict = Verdict.OVERDUE
            await worker.execute("UPDATE deadlines SET next_at = due_at")
            assert (await sweeper.sweep()).notified == 1
        assert len(await queued(worker)) == 1

    @pytest.mark.kafka
    async def test_a_ticket_resolved_at_its_owner_is_not_told_though_its_event_never_comes(
        self, sla_running: SlaRunning
    ):
        rig = sla_running.rig
        resolved = await rig.insert_known(Seed(due_in=0.3, status="resolved") for _ in range(5))
        open_ones = await rig.insert_known(Seed(due_in=0.3) for _ in range(5))

        async def judged() -> int:
            asked = (
                "SELECT count(*) FROM deadlines WHERE ticket_id = ANY($1::uuid[]) AND (tries > 0 OR next_at IS NULL)"
            )
            return int(await rig.scalar(asked, list(resolved)))

        assert await sla_running.notified(open_ones) == rig.breach_ids(open_ones)
        await eventually(judged, lambda found: found == len(resolved))
        notified = await rig.query("SELECT 1 FROM notices WHERE ticket_id = ANY($1::uuid[])", list(resolved))
        assert notified == [], "a breach of a ticket that its owner has resolved"


def moved(deadline: Deadline) -> Deadline:
    """Due a second later."""
    assert deadline.due_at is not None
    return replace(deadline, due_at=deadline.due_at + timedelta(seconds=1), sequence=deadline.sequence + 1)
