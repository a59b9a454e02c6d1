"""Of all relays of a database one publishes, and another one only after it: an event nobody disturbs is sent once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from opsdash_contracts.topics import TICKETS

from tests.integration.checks import eventually, metric, outbox_empty, stored_versions, versions
from tests.support.brokers import Witness
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack

pytestmark = pytest.mark.kafka

ROUNDS = 20


async def published(service: ServiceProcess) -> float:
    return await metric(service, "opsdash_events_published_total")


async def create(stack: Stack, services: list[ServiceProcess]) -> None:
    """Tickets through every replica at once, so that each has a reason to publish."""
    clients = [stack.client(service, stack.workspace.ours.admin) for service in services]
    for _ in range(ROUNDS):
        await asyncio.gather(*(client.create_ticket(stack.workspace.ours.slug) for client in clients))
    await outbox_empty(stack)


async def test_one_relay_publishes_and_the_next_only_when_that_one_is_gone(stack: Stack) -> None:
    first, second = await stack.tickets(), await stack.tickets()

    async def somebody_leads() -> bool:
        return bool(await metric(first, "opsdash_relay_leader") + await metric(second, "opsdash_relay_leader"))

    await eventually(somebody_leads, service=first)
    async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
        await create(stack, [first, second])
        assert sorted([await published(first), await published(second)]) == [0, 2 * ROUNDS], "two relays published"
        leader, standby = (first, second) if await published(first) else (second, first)
        leader.sigkill()
        await create(stack, [standby])
        assert await published(standby) == ROUNDS
        stored = await stored_versions(stack)
        await witness.wait_until(lambda records: versions(records) >= stored)
        sent = Counter(record.header("ce_id") for record in await witness.settle(quiet_seconds=0.5))
    assert len(sent) == len(stored) == 3 * ROUNDS
    assert set(sent.values()) == {1}, "nobody was killed in the middle of anything, and an event was sent twice"
