"""Offsets follow the handled messages, and an ordered stop leaves none behind."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from opsdash_contracts.topics import WORKSPACE

from tests.integration.checks import eventually, metric, query
from tests.integration.stacks import consuming
from tests.support.brokers import PARTITIONS
from tests.support.stack import Stack
from tests.support.workspace import Feed, company, message

pytestmark = pytest.mark.kafka

GROUP = f"tickets.{WORKSPACE}"


async def committed(stack: Stack) -> int:
    """Messages of the feed the group has committed, over all partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)
    await admin.start()
    try:
        partitions = [TopicPartition(WORKSPACE, number) for number in range(PARTITIONS)]
        offsets = await admin.list_consumer_group_offsets(GROUP, partitions=partitions)
        return sum(max(0, offset.offset) for offset in offsets.values())
    except GroupCoordinatorNotAvailableError:  # of a broker that has just started: no group has been there yet
        return 0
    finally:
        await admin.close()


async def test_nothing_is_committed_before_its_effect_neither_a_message_nor_what_came_with_it(stack: Stack) -> None:
    ours = stack.workspace.ours
    changed, behind = company(ours, company_id=ours.company, version=2), [company(ours) for _ in range(3)]
    async with Feed(stack.kafka.bootstrap_servers) as feed:
        await feed.send(*(message(one) for one in (changed, *behind)))
    holder = await asyncpg.connect(stack.database.admin_url)
    try:
        async with holder.transaction():
            await holder.execute("SELECT FROM companies WHERE company_id = $1 FOR UPDATE", changed.company_id)
            service = await stack.tickets()

            async def tried_and_failed() -> bool:
                """All together and then the first alone, each for as long as it waits for a lock."""
                assert await committed(stack) == 0, "committed while the effect was not"
                return await metric(service, "opsdash_event_handler_retries_total") >= 1

            await eventually(tried_and_failed, service=service)
    finally:
        await holder.close()

    async def all_committed() -> bool:
        return await committed(stack) == 1 + len(behind)

    await eventually(all_committed, service=service)
    stored = await query(stack, "SELECT version FROM companies WHERE company_id = $1", changed.company_id)
    assert [row["version"] for row in stored] == [2]


@pytest.mark.storm
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
