"""Members of a group come and go, and a frozen one wakes up as a zombie, on Apache Kafka (G1, G4, G5)."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.topics import TICKETS

from tests.integration.checks import check, eventually, metric, writing
from tests.integration.conftest import NewStack
from tests.integration.stacks import Consumption, consuming, running
from tests.support.brokers import PARTITIONS, Witness
from tests.support.stack import Stack
from tests.support.workspace import Feed, company, message

ENTITIES = 12
CHANGES = 8
STAY_SECONDS = 3.0
FROZEN_SECONDS = 20.0  # the session timeout is 10 by default, the relay's idle timeout 15

pytestmark = [pytest.mark.apache_only, pytest.mark.slow, pytest.mark.timeout(300)]


class Stream:
    """New versions of the same few entities, each entity always on the same partition."""

    def __init__(self, stack: Stack, feed: Feed) -> None:
        self.sent: dict[UUID, int] = defaultdict(int)
        self._stack, self._feed = stack, feed
        self._entities = [uuid4() for _ in range(ENTITIES)]
        self._stopped = False

    async def run(self) -> None:
        for number in itertools.cycle(range(ENTITIES)):
            if self._stopped:
                return
            entity = self._entities[number]
            item = company(self._stack.workspace.ours, company_id=entity, version=self.sent[entity] + 1)
            await self._feed.send(message(item), partition=number % PARTITIONS)
            self.sent[entity] += 1
            await asyncio.sleep(0.02)

    def stop(self) -> None:
        self._stopped = True


async def assert_each_version_once_and_in_order(consumption: Consumption, stream: Stream) -> None:
    """The trigger wrote down every change in the order of writing."""
    wanted = {entity: list(range(1, last + 1)) for entity, last in stream.sent.items()}

    async def all_applied() -> bool:
        effects = await consumption.effects()
        return all(len(effects[entity]) >= len(versions) for entity, versions in wanted.items())

    await eventually(all_applied, timeout=60, service=consumption.service)
    effects = await consumption.effects()
    assert {entity: effects[entity] for entity in wanted} == wanted
    assert not await consumption.letters.settle(quiet_seconds=0.5)


async def come_and_go(stack: Stack) -> None:
    """One member joins and leaves again and again; every other time it is killed instead of asked."""
    for number in range(CHANGES):
        async with running(stack) as member:
            await asyncio.sleep(STAY_SECONDS)
            if number % 2:
                await asyncio.to_thread(member.sigterm)


class TestMemberChurn:
    async def test_members_that_join_and_leave_cost_nothing_and_reorder_nothing(self, new_stack: NewStack):
        async with new_stack() as stack, consuming(stack) as consumption:
            await consumption.fence()
            stream = Stream(stack, consumption.feed)
            sending = asyncio.create_task(stream.run())
            await come_and_go(stack)
            stream.stop()
            await sending
            await assert_each_version_once_and_in_order(consumption, stream)

    async def test_a_zombie_past_its_session_neither_doubles_nor_reorders(self, new_stack: NewStack):
        """The frozen process leads the relay and holds partitions; both are taken over before it wakes up."""
        async with new_stack() as stack, consuming(stack) as consumption, running(stack) as other:
            await consumption.fence()
            stream = Stream(stack, consumption.feed)
            sending = asyncio.create_task(stream.run())
            async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness, writing(stack, other) as ledger:
                await witness.wait_for(50)
                assert await metric(consumption.service, "opsdash_relay_leader") == 1
                consumption.service.sigstop()
                await asyncio.sleep(FROZEN_SECONDS)
                assert await metric(other, "opsdash_relay_leader") == 1
                consumption.service.sigcont()
                await consumption.service.wait_for_log("dependency_away")
                await asyncio.sleep(STAY_SECONDS)
                ledger.stopped = True
                await check(stack, ledger, witness)
            stream.stop()
            await sending
            await assert_each_version_once_and_in_order(consumption, stream)
