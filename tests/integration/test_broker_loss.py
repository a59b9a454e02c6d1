"""Apache Kafka dies under load: alone and started again, or one of three nodes for good (G1, G3, G4).

The broker keeps its records on disk, so nothing may be lost; the embedded broker cannot show that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from opsdash_chassis.kafka.clients import SEND_DEADLINE_SECONDS
from opsdash_contracts.topics import TICKETS
from opsdash_local.apache.cluster import ApacheKafkaCluster
from opsdash_local.apache.node import ApacheKafka

from tests.integration.checks import check, eventually, query, scalar, writing
from tests.integration.conftest import NewStack
from tests.support.brokers import PARTITIONS, Record, Witness, new_cluster
from tests.support.stack import Stack
from tests.support.workspace import Feed, company, message

UNDISTURBED_SECONDS = 4.0
#: Shorter, and longer, than the relay waits for a confirmation: the first one the client gets over by itself.
DOWN_SECONDS = (3.0, SEND_DEADLINE_SECONDS + 3)

pytestmark = [pytest.mark.apache_only, pytest.mark.slow, pytest.mark.timeout(400)]


async def kill_and_start_again(broker: ApacheKafka, down: float) -> None:
    await asyncio.to_thread(broker.kill)
    await asyncio.sleep(down)
    await asyncio.to_thread(broker.start)
    await asyncio.sleep(UNDISTURBED_SECONDS)


async def leader_of(stack: Stack, topic: str) -> int:
    """The node that leads the first partition of the topic."""
    async with Witness(stack.kafka.bootstrap_servers, topic) as witness:
        return witness.leader_of(topic, 0)


def more_than(count: int) -> Callable[[list[Record]], bool]:
    return lambda records: len(records) > count


class TestBrokerLoss:
    async def test_a_broker_killed_twice_under_load_loses_and_reorders_nothing(self, new_stack: NewStack):
        async with new_stack() as stack:
            service = await stack.tickets()
            assert isinstance(stack.kafka, ApacheKafka)
            async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness, writing(stack, service) as ledger:
                await asyncio.sleep(UNDISTURBED_SECONDS)
                for down in DOWN_SECONDS:
                    before = len(witness.records)
                    await kill_and_start_again(stack.kafka, down)
                    await witness.wait_until(more_than(before + 50), timeout=60)
                ledger.stopped = True
                await check(stack, ledger, witness)
            assert len(ledger.acknowledged) >= 0.98 * ledger.intended, "writes do not need the broker"

    async def test_with_one_of_three_nodes_gone_events_go_on_and_none_is_lost(self, new_stack: NewStack):
        async with new_stack(broker=new_cluster) as stack:
            service = await stack.tickets()
            cluster = stack.kafka
            assert isinstance(cluster, ApacheKafkaCluster)
            async with Witness(cluster.bootstrap_servers, TICKETS) as witness, writing(stack, service) as ledger:
                await witness.wait_for(50, timeout=60)
                lost = cluster.nodes[await leader_of(stack, TICKETS) - 1]
                await asyncio.to_thread(lost.kill)
                await witness.wait_until(more_than(len(witness.records) + 500), timeout=60)
                await consumers_go_on(stack)
                await asyncio.to_thread(lost.start)
                await witness.wait_until(more_than(len(witness.records) + 200), timeout=60)
                ledger.stopped = True
                await check(stack, ledger, witness)


async def consumers_go_on(stack: Stack) -> None:
    """What is sent while the node is away reaches the database of a consumer."""
    items = [company(stack.workspace.ours) for _ in range(2 * PARTITIONS)]
    async with Feed(stack.kafka.bootstrap_servers) as feed:
        for number, item in enumerate(items):
            await feed.send(message(item), partition=number % PARTITIONS)

    async def applied() -> bool:
        ids = [item.company_id for item in items]
        found = await scalar(stack, "SELECT count(*) FROM companies WHERE company_id = ANY($1::uuid[])", ids)
        return bool(found == len(items))

    await eventually(applied, timeout=60)
    assert await query(stack, "SELECT 1 FROM inbox")
