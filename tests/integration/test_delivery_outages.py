"""Delivery through a broker that is away and a leader that is frozen: nothing lost, nothing reordered (G1, G4, G13)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from opsdash_contracts.topics import TICKETS

from tests.integration.checks import (
    assert_first_deliveries_in_order,
    assert_published_as_stored,
    assert_repeats_are_identical,
    command,
    metric,
    outbox_empty,
    scalar,
    stored_versions,
    try_to_create,
    versions,
)
from tests.integration.conftest import NewStack
from tests.integration.stacks import SideBySide
from tests.support.brokers import Witness, start_again
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack

pytestmark = [pytest.mark.storm, pytest.mark.kafka]

OUTAGE_SECONDS = 30.0
FROZEN_SECONDS = 17.0  # the relay's idle session timeout is 15


@pytest.fixture(scope="module")
async def slow(new_stack: NewStack) -> AsyncIterator[SideBySide]:
    """They mostly wait, so they run side by side."""
    scenarios = SideBySide(outage=broker_outage(new_stack), zombie=frozen_leader(new_stack))
    yield scenarios
    await scenarios.close()


class TestSlow:
    async def test_a_broker_outage_costs_no_write_and_no_event(self, slow: SideBySide):
        await slow.outcome("outage")

    async def test_a_frozen_leader_that_wakes_up_reorders_nothing(self, slow: SideBySide):
        await slow.outcome("zombie")


async def broker_outage(new_stack: NewStack) -> None:
    async with new_stack() as stack:
        service = await stack.tickets()
        ids = [await try_to_create(stack, service, f"before {n}") for n in range(5)]
        await outbox_empty(stack)
        stack.kafka.kill()
        ids += await writes_during_outage(stack, service, str(ids[0]))
        assert await scalar(stack, "SELECT count(*) FROM outbox") >= len(ids) - 5
        await start_again(stack.kafka, service)
        await outbox_empty(stack, timeout=30)
        async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            stored = await stored_versions(stack)
            forgotten = set() if stack.kafka.keeps_records else {(str(ticket), 1) for ticket in ids[:5]}
            await witness.wait_until(lambda records: versions(records) == stored - forgotten)
            done = await command(stack.tickets_environment, "replay")
            assert done.returncode == 0, done.stderr
            assert done.stdout == f"tickets: {len(ids)} events queued again\n"
            await outbox_empty(stack)
            last = set(dict(sorted(stored)).items())
            await witness.wait_until(lambda records: versions(records) >= last)
            assert_repeats_are_identical(witness.records)
            await assert_published_as_stored(stack, witness.records)
            replayed = [record for record in witness.records if record.header("ce_replayed") == "true"]
        assert versions(replayed) == last
        assert {ticket for ticket, _ in last} == {str(ticket) for ticket in ids}


async def writes_during_outage(stack: Stack, service: ServiceProcess, known: str) -> list[str | None]:
    """Writes are answered while nobody takes events; so are reads and the readiness probe."""
    ids, ends = [], time.monotonic() + OUTAGE_SECONDS
    client = stack.client(service, stack.workspace.ours.admin)
    while time.monotonic() < ends:
        ids.append(await try_to_create(stack, service, "during the outage"))
        path = f"/orgs/{stack.workspace.ours.slug}/tickets/{known}"
        assert (await client.call("PATCH", path, {"title": f"seen {len(ids)}"})).status == 200
        assert await asyncio.to_thread(service.status_of, "/readyz") == 200
        assert await asyncio.to_thread(service.status_of, "/livez") == 200
        await asyncio.sleep(0.5)
    assert None not in ids
    assert await metric(service, "opsdash_outbox_events") > 0, "an outbox that grows must be seen to grow"
    assert await metric(service, "opsdash_outbox_oldest_seconds") > 5
    return ids


async def frozen_leader(new_stack: NewStack) -> None:
    async with new_stack() as stack:
        first = await stack.tickets()
        second = await stack.tickets()
        assert await metric(first, "opsdash_relay_leader") == 1
        assert await metric(second, "opsdash_relay_leader") == 0
        hot = [str(await try_to_create(stack, second, f"hot {n}")) for n in range(5)]
        async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            running = asyncio.Event()
            load = [asyncio.create_task(keep_updating(stack, second, ticket, running)) for ticket in hot for _ in "ab"]
            await witness.wait_for(50)
            first.sigstop()
            await asyncio.sleep(FROZEN_SECONDS)
            assert await metric(second, "opsdash_relay_leader") == 1, second.logs()
            first.sigcont()
            await first.wait_for_log("dependency_away")
            await asyncio.sleep(1)
            running.set()
            await asyncio.gather(*load)
            await outbox_empty(stack)
            stored = await stored_versions(stack)
            await witness.wait_until(lambda records: versions(records) >= stored)
            records = await witness.settle(quiet_seconds=0.5)
        assert versions(records) == stored
        assert len(records) > 300
        assert_first_deliveries_in_order(records)
        assert_repeats_are_identical(records)


async def keep_updating(stack: Stack, service: ServiceProcess, ticket: str, stop: asyncio.Event) -> None:
    client = stack.client(service, stack.workspace.ours.admin)
    while not stop.is_set():
        path = f"/orgs/{stack.workspace.ours.slug}/tickets/{ticket}"
        assert (await client.call("PATCH", path, {"title": f"{uuid4()}"})).status == 200
        await asyncio.sleep(0.15)
