"""Thousands of tickets fall due at once, while monitors die, cron calls pile up, or nobody is there at all."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from opsdash_chassis.outbox.repository import BATCH_SIZE
from opsdash_contracts.sla import BREACHED, MISSED
from opsdash_contracts.topics import SLA

from tests.integration.checks import assert_repeats_are_identical
from tests.integration.conftest import NewStack
from tests.support.brokers import Witness
from tests.support.databases import ServiceDatabase
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.sla import Due, Seed, SlaRig, bodies, notified, sla_rig

STORM = 5000
UNDISTURBED = 500
BY_EVENT = 1000  # the others are known to the monitor from before
pytestmark = [pytest.mark.storm, pytest.mark.kafka]


@pytest.fixture(scope="module")
async def rig(new_stack: NewStack, sla_template: ServiceDatabase) -> AsyncIterator[SlaRig]:
    async with new_stack() as stack, sla_rig(stack, sla_template) as made:
        await made.start_tickets()
        yield made


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[int(len(values) * share)]


async def stop(*monitors: ServiceProcess) -> None:
    """One after the other: members that leave all at once can leave a group that gets no partitions any more from the
    embedded broker. Asked to stop, so that the next member does not wait for their session; one may still be starting.
    """
    for monitor in monitors:
        await asyncio.to_thread(monitor.sigterm)


async def all_known(rig: SlaRig, count: int) -> None:
    """Wait until the monitor has a row for every ticket."""

    async def known() -> int:
        return await rig.scalar("SELECT count(*) FROM deadlines")

    await eventually(known, lambda found: found >= count)


async def cron_calls(rig: SlaRig, monitors: list[ServiceProcess]) -> None:
    """Twenty parallel calls again and again; those that hit a dead monitor fail, as in real life."""
    while True:
        targets = [monitors[number % len(monitors)] for number in range(20)]
        await asyncio.gather(*(rig.sweep(target) for target in targets), return_exceptions=True)
        await asyncio.sleep(0.1)


async def killings(
    rig: SlaRig, monitors: list[ServiceProcess], killed: list[ServiceProcess], chance: random.Random
) -> None:
    """Kill a random monitor and start another in its place."""
    while True:
        await asyncio.sleep(chance.uniform(0.5, 2))
        victim = chance.randrange(len(monitors))
        monitors[victim].sigkill()
        killed.append(monitors[victim])
        monitors[victim] = rig.start_monitor()
        await asyncio.sleep(1.5)


@contextlib.asynccontextmanager
async def trouble(rig: SlaRig, monitors: list[ServiceProcess], *, kills: bool) -> AsyncIterator[list[ServiceProcess]]:
    """Those that were killed, in the end."""
    killed: list[ServiceProcess] = []
    work = [cron_calls(rig, monitors)]
    if kills:
        work.append(killings(rig, monitors, killed, random.Random(5)))  # noqa: S311
    tasks = [asyncio.create_task(item) for item in work]
    try:
        yield killed
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class TestStorm:
    async def test_what_was_changed_before_a_monitor_saw_it_is_missed_in_the_ledger_and_told_to_nobody(
        self, rig: SlaRig
    ):
        client = rig.stack.client(rig.tickets, rig.stack.workspace.ours.owner)
        due = datetime.now(UTC) + timedelta(seconds=3)
        changes: dict[str, tuple[str, object]] = {
            "moved": ("PATCH", {"sla_due_at": (due + timedelta(hours=1)).isoformat()}),
            "cleared": ("PATCH", {"sla_due_at": None}),
            "resolved": ("PATCH", {"status": "resolved"}),
            "deleted": ("DELETE", None),
        }
        tickets = {how: (await client.create_ticket("ours", sla_due_at=due.isoformat()))["id"] for how in changes}
        await asyncio.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()) + 0.5)
        for how, (method, body) in changes.items():
            assert (await client.call(method, f"/orgs/ours/tickets/{tickets[how]}", body)).status in {200, 204}
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness:
            monitor = await rig.start_monitor().ready()
            missed = ("missed", False, "changed_before_noticed")
            after = {"moved": [("rescheduled", None, None)]}
            for how, ticket in tickets.items():
                wanted = [("scheduled", None, None), missed, *after.get(how, [])]
                await ledger_says(rig, monitor, ticket, wanted)
            await witness.wait_until(lambda _: len(about(witness, MISSED, tickets.values())) == len(tickets))
            assert {body["reason"] for body in about(witness, MISSED, tickets.values())} == {"changed_before_noticed"}
            assert not about(witness, BREACHED, tickets.values())
        await stop(monitor)

    async def test_replicas_cron_calls_and_crashes_tell_each_breach_under_exactly_one_id(self, rig: SlaRig):
        monitors = [rig.start_monitor() for _ in range(3)]
        await asyncio.gather(*(monitor.ready() for monitor in monitors))
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness:
            chance = random.Random(1)  # noqa: S311 - variety, not secrecy
            spared = await rig.insert(Seed(due_in=8, status="resolved") for _ in range(50))
            due = await rig.insert_known(Seed(due_in=chance.uniform(5, 10)) for _ in range(STORM - BY_EVENT))
            due |= await rig.insert(Seed(due_in=chance.uniform(5, 10)) for _ in range(BY_EVENT))
            await all_known(rig, STORM + len(spared))
            async with trouble(rig, monitors, kills=True) as killed:
                await witness.wait_until(lambda _: len(set(notified(witness))) >= STORM, timeout=60)
            await all_published(rig, witness)
            assert set(notified(witness)) == rig.breach_ids(due)
            assert not set(notified(witness)) & rig.breach_ids(spared)
            late = [body["lateness_ms"] for body in bodies(witness, BREACHED)]
            repeats = assert_repeats_are_identical(witness.records)
            assert repeats <= len(killed) * BATCH_SIZE, "more than what was on its way when a relay was killed"
            assert not [record for record in witness.records if record.header("ce_replayed")]
        print(f"storm: {len(killed)} killed, {repeats} events published again under their old ids")
        await stop(*monitors)
        print(f"storm: p50 {percentile(late, 0.5)} ms, p99 {percentile(late, 0.99)} ms, max {max(late)} ms")

    async def test_replicas_and_cron_calls_that_nobody_kills_publish_each_breach_one_time(self, rig: SlaRig):
        monitors = [rig.start_monitor() for _ in range(3)]
        await asyncio.gather(*(monitor.ready() for monitor in monitors))
        due = await rig.insert_known(Seed(due_in=1 + number / 200) for number in range(UNDISTURBED))
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness, trouble(rig, monitors, kills=False):
            wanted = rig.breach_ids(due)
            await witness.wait_until(lambda _: wanted <= set(notified(witness)), timeout=60)
            await all_published(rig, witness)
            assert publications(witness, wanted) == dict.fromkeys(wanted, 1)
        await stop(*monitors)

    async def test_what_fell_due_while_no_monitor_ran_is_told_after_the_start_with_its_true_due_time(self, rig: SlaRig):
        due = await rig.insert_known(Seed(due_in=0.2) for _ in range(STORM))
        await asyncio.sleep(1)
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness:
            wanted = rig.breach_ids(due)
            monitor = await rig.start_monitor().ready()
            started = time.monotonic()
            await witness.wait_until(lambda _: wanted <= set(notified(witness)), timeout=60)
            seconds = time.monotonic() - started
            assert seconds <= 30
            mine = [body for body in bodies(witness, BREACHED) if body["due_at"] >= min_due(due)]
            assert {body["ticket_id"] for body in mine} == {str(ticket) for ticket in due}
            await all_published(rig, witness)
            assert publications(witness, wanted) == dict.fromkeys(wanted, 1)
        await stop(monitor)
        print(f"catch-up: {STORM} told {seconds:.1f} s after the monitor was ready")

    async def test_with_the_timer_off_cron_alone_finds_them_all(self, rig: SlaRig):
        monitor = await rig.start_monitor(OPSDASH_TIMER_ENABLED="false").ready()
        due = await rig.insert_known(Seed(due_in=0.3) for _ in range(30))
        await asyncio.sleep(1)
        assert await rig.scalar("SELECT count(*) FROM notices WHERE ticket_id = ANY($1::uuid[])", list(due)) == 0
        answers = await asyncio.gather(*(rig.sweep(monitor) for _ in range(20)))
        first = max(answers, key=lambda answer: answer["notified"])
        assert (first["checked"], first["breached"], first["notified"], first["already_notified"]) == (30, 30, 30, 0)
        assert 0 < first["lateness_ms_max"] < 90_000
        assert await rig.scalar("SELECT count(*) FROM notices WHERE ticket_id = ANY($1::uuid[])", list(due)) == 30
        await stop(monitor)


class TestUpstreamAway:
    """Last in this module: it takes the tickets service away."""

    async def test_breaches_go_out_unconfirmed_when_the_owner_is_away_too_long(self, rig: SlaRig):
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness:
            rig.tickets.sigkill()
            due = await rig.insert_known(Seed(due_in=0.2) for _ in range(5))
            monitor = await rig.start_monitor(OPSDASH_OWNER_PATIENCE_SECONDS="2").ready()
            wanted = rig.breach_ids(due)
            await witness.wait_until(lambda _: wanted <= set(notified(witness)), timeout=30)
            mine = [body for body in bodies(witness, BREACHED) if UUID(body["ticket_id"]) in due]
        await stop(monitor)
        assert [body["confirmed"] for body in mine] == [False] * 5
        assert all(body["lateness_ms"] > 2000 for body in mine)


async def ledger_says(rig: SlaRig, monitor: ServiceProcess, ticket: str, wanted: list[tuple[object, ...]]) -> None:
    """Wait until the ledger has these: kind, notified, reason."""

    async def entries() -> list[tuple[object, ...]]:
        return [(one["kind"], one["notified"], one["reason"]) for one in await rig.ledger(monitor, ticket)]

    await eventually(entries, lambda found: found == wanted)


def about(witness: Witness, event_type: str, tickets: Collection[str]) -> list[dict[str, Any]]:
    return [body for body in bodies(witness, event_type) if body["ticket_id"] in tickets]


async def all_published(rig: SlaRig, witness: Witness) -> None:
    """Wait until nothing more comes: what is published twice comes late."""

    async def left() -> int:
        return int(await rig.scalar("SELECT count(*) FROM outbox"))

    await eventually(left, lambda found: found == 0)
    await witness.settle(quiet_seconds=1)


def publications(witness: Witness, event_ids: set[str]) -> dict[str, int]:
    """How many times each of these breaches was published."""
    return dict(Counter(event_id for event_id in notified(witness) if event_id in event_ids))


def min_due(due: Due) -> str:
    return min(at for at in due.values() if at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
