"""A consumer through crashes, freezes and outages: effects once, bad messages kept, no hand needed (G5, G11, G13).

Every scenario waits for time-outs of its own stack, so they run side by side.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from opsdash_chassis.kafka.limits import MAXIMUM_BYTES
from opsdash_contracts.workspace import Company
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.integration.checks import DEAD_LETTERS, KILLED, eventually, metric, scalar
from tests.integration.conftest import NewStack
from tests.integration.stacks import Consumption, SideBySide, consuming, running
from tests.support.brokers import PARTITIONS
from tests.support.databases import ServiceDatabase, make_template
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack
from tests.support.workspace import Feed, Message, company, message, seed

pytestmark = [pytest.mark.storm, pytest.mark.kafka]

# A dead member's partitions are given away when its session has ended: 10 s on Apache Kafka, a few with short ones.
TAKEOVER_SECONDS = 45.0
ASSIGNED = "assigned to partitions"


def poison(stack: Stack) -> Message:
    return message(company(stack.workspace.ours)).with_value(b"poison")


async def crash_after_effect(new_stack: NewStack) -> None:
    async with new_stack() as stack, consuming(stack, OPSDASH_CRASH_AT="after_effect_before_commit_offset") as first:
        item, later = company(stack.workspace.ours), company(stack.workspace.ours)
        await first.feed.send(message(item))
        assert await asyncio.to_thread(first.service.wait_exit, 30) == KILLED
        assert (await first.effects())[item.company_id] == [1]
        await first.feed.send(message(later))
        async with running(stack) as service:
            await first.applied(later, timeout=TAKEOVER_SECONDS)

            async def counted() -> bool:
                return await metric(service, "opsdash_events_consumed_total", outcome="applied") == 1

            await eventually(counted, service=service)
            assert await metric(service, "opsdash_events_consumed_total", outcome="duplicate") == 1
            assert {key: (await first.effects())[key] for key in (item.company_id, later.company_id)} == {
                item.company_id: [1], later.company_id: [1],
            }  # fmt: skip


async def crash_after_dead_letter(new_stack: NewStack) -> None:
    point = "after_dead_letter_before_commit_offset"
    async with new_stack() as stack, consuming(stack, OPSDASH_CRASH_AT=point) as first:
        good, bad = company(stack.workspace.ours), poison(stack)
        await first.feed.send(bad, message(good))
        assert await asyncio.to_thread(first.service.wait_exit, 30) == KILLED
        assert await first.row(good.company_id) is None
        async with running(stack):
            await first.applied(good, timeout=TAKEOVER_SECONDS)
            records = await first.letters.settle(quiet_seconds=0.3)
        assert [(record.value, record.header("dl_offset")) for record in records] == [(bad.value, "0")] * 2


async def database_outage(new_stack: NewStack, home: Path) -> None:
    server = EmbeddedPostgres(home, free_port(), durable=False)
    await asyncio.to_thread(server.start)
    try:
        async with new_stack() as stack:
            stack.database = await make_template("tickets", server.admin_url)
            await seed(stack.database.worker_url, stack.workspace)
            async with consuming(stack) as consumption:
                await consumption.fence()
                await asyncio.to_thread(server.kill)
                items = [company(stack.workspace.ours) for _ in range(10)]
                for partition in range(PARTITIONS):
                    await consumption.feed.send(*(message(item) for item in items[partition::3]), partition=partition)
                service = consumption.service

                async def held() -> bool:
                    return await metric(service, "opsdash_consumer_paused") == 1

                await eventually(held, timeout=30, service=service)
                assert await asyncio.to_thread(service.status_of, "/readyz", 5) == 503
                assert await asyncio.to_thread(service.status_of, "/livez") == 200
                await asyncio.to_thread(server.start)
                await consumption.applied(*items, timeout=30)
                assert await asyncio.to_thread(service.status_of, "/readyz") == 200
                assert not await consumption.letters.settle(quiet_seconds=0.5)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


async def no_room_for_dead_letters(new_stack: NewStack) -> None:
    """One record larger than its dead-letter topic takes, so that it can never be set aside."""
    async with new_stack() as stack, consuming(stack) as consumption:
        await consumption.fence()
        after = company(stack.workspace.ours)
        await consumption.feed.send(poison(stack).with_value(b"x" * await too_large(stack)), message(after))
        service = consumption.service
        await eventually(lambda: unready(service), timeout=30, service=service)
        await service.wait_for_log("dead_letter_not_stored")
        assert await asyncio.to_thread(service.status_of, "/livez") == 200
        await consumption.letters.settle(quiet_seconds=6)  # it has come again by now
        assert not consumption.letters.records
        assert await consumption.row(after.company_id) is None, "the message behind must wait"
        assert await asyncio.to_thread(service.sigterm) == 0


async def too_large(stack: Stack) -> int:
    """The embedded broker takes records that a dead-letter topic does not; elsewhere the topic is made smaller."""
    if not stack.kafka.keeps_records:
        return MAXIMUM_BYTES + 1
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)
    await admin.start()
    try:
        limit = ConfigResource(ConfigResourceType.TOPIC, DEAD_LETTERS, {"max.message.bytes": "10000"})
        await admin.alter_configs([limit])
    finally:
        await admin.close()
    return 20_000


async def spent_budget(new_stack: NewStack) -> None:
    async with new_stack() as stack, consuming(stack) as consumption:
        good = company(stack.workspace.ours)
        await consumption.feed.send(*[poison(stack) for _ in range(30)], message(good))
        service = consumption.service
        await eventually(lambda: unready(service), timeout=30, service=service)
        assert len(await consumption.letters.settle(quiet_seconds=0.5)) == 25
        assert await asyncio.to_thread(service.status_of, "/livez") == 200
        assert await scalar(stack, "SELECT count(*) FROM effects") == 0
        assert await asyncio.to_thread(service.sigterm) == 0
        async with running(stack):
            await consumption.applied(good, timeout=TAKEOVER_SECONDS)
            assert len(await consumption.letters.settle(quiet_seconds=0.5)) == 30


async def killed_replica(new_stack: NewStack) -> None:
    async with new_stack() as stack, consuming(stack) as first, running(stack) as second:
        await all_assigned(first.service, second)
        sent = await keep_sending(stack, first.feed, during=kill(first.service))
        await first.applied(*sent, timeout=TAKEOVER_SECONDS)
        await assert_applied_once(first, sent)


async def frozen_replica(new_stack: NewStack) -> None:
    async with new_stack() as stack, consuming(stack) as first, running(stack) as second:
        await all_assigned(first.service, second)
        assignments = first.service.logs().count(ASSIGNED)
        sent = await keep_sending(stack, first.feed, during=freeze(first.service))

        async def is_back() -> bool:
            return first.service.logs().count(ASSIGNED) > assignments

        await eventually(is_back, timeout=TAKEOVER_SECONDS, service=first.service)
        await first.applied(*sent, timeout=TAKEOVER_SECONDS)
        await assert_applied_once(first, sent)


async def kill(service: ServiceProcess) -> None:
    await asyncio.sleep(1)
    service.sigkill()


async def freeze(service: ServiceProcess) -> None:
    """Longer than the session timeout, so that the member is thrown out and comes back as a zombie."""
    await asyncio.sleep(1)
    service.sigstop()
    await asyncio.sleep(20)
    service.sigcont()


async def keep_sending(stack: Stack, feed: Feed, *, during: Coroutine[Any, Any, None]) -> list[Company]:
    """Steady traffic over all partitions for as long as the fault takes, and a little longer."""
    fault, sent = asyncio.create_task(during), list[Company]()
    while not fault.done() or len(sent) % 60:
        sent.append(company(stack.workspace.ours))
        await feed.send(message(sent[-1]), partition=len(sent) % PARTITIONS)
        await asyncio.sleep(0.05)
    await fault
    return sent


async def all_assigned(*services: ServiceProcess) -> None:
    """Every replica holds a partition; it says so in its log, and only there."""
    for service in services:
        await service.wait_for_log(ASSIGNED, timeout=30)


async def assert_applied_once(consumption: Consumption, sent: list[Company]) -> None:
    effects = await consumption.effects()
    assert {item.company_id: effects[item.company_id] for item in sent} == {item.company_id: [1] for item in sent}
    assert not await consumption.letters.settle(quiet_seconds=0.3)


async def unready(service: ServiceProcess) -> bool:
    return await asyncio.to_thread(service.status_of, "/readyz") == 503


@pytest.fixture(scope="module")
async def slow(
    new_stack: NewStack, tickets_template: ServiceDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[SideBySide]:
    scenarios = SideBySide(
        effect=crash_after_effect(new_stack),
        letter=crash_after_dead_letter(new_stack),
        database=database_outage(new_stack, tmp_path_factory.mktemp("own-postgres")),
        unwritable=no_room_for_dead_letters(new_stack),
        budget=spent_budget(new_stack),
        killed=killed_replica(new_stack),
        frozen=frozen_replica(new_stack),
    )
    yield scenarios
    await scenarios.close()


class TestConsumerOutages:
    async def test_killed_between_effect_and_offset_the_effect_stays_single(self, slow: SideBySide):
        await slow.outcome("effect")

    async def test_killed_between_dead_letter_and_offset_the_letter_is_written_again(self, slow: SideBySide):
        await slow.outcome("letter")

    async def test_a_database_outage_sets_nothing_aside_and_ends_by_itself(self, slow: SideBySide):
        await slow.outcome("database")

    async def test_a_bad_message_is_held_while_it_cannot_be_stored(self, slow: SideBySide):
        await slow.outcome("unwritable")

    async def test_a_spent_budget_holds_the_topic_until_a_restart(self, slow: SideBySide):
        await slow.outcome("budget")

    async def test_a_killed_replica_costs_nothing_and_doubles_nothing(self, slow: SideBySide):
        await slow.outcome("killed")

    async def test_a_frozen_replica_that_wakes_up_doubles_nothing(self, slow: SideBySide):
        await slow.outcome("frozen")
