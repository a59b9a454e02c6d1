"""Offsets follow the handled messages, and an ordered stop leaves none behind."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from opsdash_contracts.topics import WORKSPACE

from tests.integration.consuming import consuming
from tests.integration.feed import company, message
from tests.integration.watching import eventually, query
from tests.support.stack import PARTITIONS, Stack

pytestmark = [pytest.mark.storm, pytest.mark.kafka]

GROUP = f"tickets.{WORKSPACE}"


async def committed(stack: Stack) -> int:
    """Messages of the feed the group has committed, over all partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)
    await admin.start()
    try:
        partitions = [TopicPartition(WORKSPACE, number) for number in range(PARTITIONS)]
        offsets = await admin.list_consumer_group_offsets(GROUP, partitions=partitions)
        return sum(max(0, offset.offset) for offset in offsets.values())
    finally:
        await admin.close()


async def test_handled_messages_are_committed_while_it_runs_and_all_of_them_when_it_stops(stack: Stack) -> None:
    async with consuming(stack) as consumption:
        seeded = len(await query(stack, "SELECT FROM companies"))
        companies = [company(stack.workspace.ours) for _ in range(40)]
        sent = await consumption.feed.send(*(message(one) for one in companies))
        await consumption.applied(*companies)

        async def everything() -> bool:
            return await committed(stack) == sent[-1] + 1

        await eventually(everything, service=consumption.service)
        more = [company(stack.workspace.ours) for _ in range(40)]
        sent = await consumption.feed.send(*(message(one) for one in more))
        await consumption.applied(more[0])
        assert await asyncio.to_thread(consumption.service.sigterm) == 0
        assert await committed(stack) == len(await query(stack, "SELECT FROM companies")) - seeded
