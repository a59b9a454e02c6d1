"""Thousands of tickets fall due at once, while monitors die, cron calls pile up, or nobody is there at all."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from opsdash_contracts.sla import BREACHED
from opsdash_contracts.topics import SLA

from tests.integration.conftest import NewStack
from tests.support.databases import ServiceDatabase
from tests.support.eventually import eventually
from tests.support.service_process import ServiceProcess
from tests.support.sla import Due, Seed, SlaRig, bodies, sla_rig, told
from tests.support.witness import Witness

STORM = 5000
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
    """In order, so that the next member does not wait for their session to end; one may still be starting."""
    await asyncio.gather(*(asyncio.to_thread(monitor.sigterm) for monitor in monitors))


async def all_known(rig: SlaRig, count: int) -> None:
    """Wait until the monitor has a row for every ticket."""

    async def known() -> int:
        return await rig.scalar("SELECT count(*) FROM deadlines")

    await eventually(known, lambda found: found >= count, timeout=40)


async def cron_calls(rig: SlaRig, monitors: list[ServiceProcess]) -> None:
    """Twenty parallel calls again and again; those that hit a dead monitor fail, as in real life."""
    while True:
        targets = [monitors[number % len(monitors)] for number in range(20)]
        await asyncio.gather(*(rig.sweep(target) for target in targets), return_exceptions=True)
        await asyncio.sleep(0.1)


async def killings(rig: SlaRig, monitors: list[ServiceProcess], chance: random.Random) -> None:
    """Kill a random monitor and start another in its place."""
    while True:
        await asyncio.sleep(chance.uniform(0.5, 2))
        victim = chance.randrange(len(monitors))
        monitors[victim].sigkill()
        monitors[victim] = rig.start_monitor()
        await asyncio.sleep(1.5)


@contextlib.asynccontextmanager
async def trouble(rig: SlaRig, monitors: list[ServiceProcess]) -> AsyncIterator[None]:
    work = [cron_calls(rig, monitors), killings(rig, monitors, random.Random(5))]  # noqa: S311
    tasks = [asyncio.create_task(item) for item in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class TestStorm:
    async def test_replicas_cron_calls_and_crashes_tell_each_breach_under_exactly_one_id(self, rig: SlaRig):
        monitors = [rig.start_monitor() for _ in range(3)]
        await asyncio.gather(*(monitor.ready() for monitor in monitors))
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness:
            chance = random.Random(1)  # noqa: S311 - variety, not secrecy
            spared = await rig.insert(Seed(due_in=8, status="resolved") for _ in range(50))
            due = await rig.insert_known(Seed(due_in=chance.uniform(5, 10)) for _ in range(STORM - BY_EVENT))
            due |= await rig.insert(Seed(due_in=chance.uniform(5, 10)) for _ in range(BY_EVENT))
            await all_known(rig, STORM + len(spared))
            async with trouble(rig, monitors):
                await witness.wait_until(lambda _: len(set(told(witness))) >= STORM, timeout=60)
            assert set(told(witness)) == rig.breach_ids(due)
            assert not set(told(witness)) & rig.breach_ids(spared)
            late = [body["lateness_ms"] for body in bodies(witness, BREACHED)]
        await stop(*monitors)
        print(f"storm: p50 {percentile(late, 0.5)} ms, p99 {percentile(late, 0.99)} ms, max {max(late)} ms")

    async def test_what_fell_due_while_no_monitor_ran_is_told_after_the_start_with_its_true_due_time(self, rig: SlaRig):
        due = await rig.insert_known(Seed(due_in=0.2) for _ in range(STORM))
        await asyncio.sleep(1)
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness:
            wanted = rig.breach_ids(due)
            monitor = await rig.start_monitor().ready()
            started = time.monotonic()
            await witness.wait_until(lambda _: wanted <= set(told(witness)), timeout=60)
            seconds = time.monotonic() - started
            assert seconds <= 30
            mine = [body for body in bodies(witness, BREACHED) if body["due_at"] >= min_due(due)]
            assert {body["ticket_id"] for body in mine} == {str(ticket) for ticket in due}
        await stop(monitor)
        print(f"catch-up: {STORM} told {seconds:.1f} s after the monitor was ready")

    async def test_with_the_timer_off_cron_alone_finds_them_all(self, rig: SlaRig):
        monitor = await rig.start_monitor(OPSDASH_TIMER_ENABLED="false").ready()
        before = await rig.scalar("SELECT count(*) FROM deadlines")
        due = await rig.insert(Seed(due_in=0.3) for _ in range(30))
        await all_known(rig, before + len(due))
        await asyncio.sleep(0.5)
        assert await rig.scalar("SELECT count(*) FROM notices WHERE ticket_id = ANY($1::uuid[])", list(due)) == 0
        answers = await asyncio.gather(*(rig.sweep(monitor) for _ in range(20)))
        first = max(answers, key=lambda answer: answer["notified"])
        assert (first["checked"], first["breached"], first["notified"], first["already_notified"]) == (30, 30, 30, 0)
        assert 0 < first["lateness_ms_max"] < 90_000
        assert await rig.scalar("SELECT count(*) FROM notices WHERE ticket_id = ANY($1::uuid[])", list(due)) == 30
        await stop(monitor)


class TestOwnerAway:
    """Last in this module: it takes the tickets service away."""

    async def test_breaches_go_out_unconfirmed_when_the_owner_is_away_too_long(self, rig: SlaRig):
        async with Witness(rig.stack.kafka.bootstrap_servers, SLA) as witness:
            rig.tickets.sigkill()
            due = await rig.insert_known(Seed(due_in=0.2) for _ in range(5))
            monitor = await rig.start_monitor(OPSDASH_OWNER_PATIENCE_SECONDS="2").ready()
            wanted = rig.breach_ids(due)
            await witness.wait_until(lambda _: wanted <= set(told(witness)), timeout=30)
            mine = [body for body in bodies(witness, BREACHED) if UUID(body["ticket_id"]) in due]
        await stop(monitor)
        assert [body["confirmed"] for body in mine] == [False] * 5
        assert all(body["lateness_ms"] > 2000 for body in mine)


def min_due(due: Due) -> str:
    return min(at for at in due.values() if at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
