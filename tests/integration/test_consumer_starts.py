"""How the consumers start: all groups at once, and patiently with a broker that goes away meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError
from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.settings import DatabaseSettings
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import SLA, WORKSPACE
from opsdash_contracts.workspace import Company

from tests.integration.stacks import settings_of
from tests.support.measurements import eventually
from tests.support.stack import Stack
from tests.support.workspace import Feed, company, message

pytestmark = pytest.mark.kafka


@asynccontextmanager
async def opened(settings: DatabaseSettings) -> AsyncIterator[tuple[Consumers, Counter[Any]]]:
    """Consumers of two topics that count the companies they are told of."""
    seen: Counter[Any] = Counter()

    async def handle(_: UnitOfWork, event: Event[Company]) -> None:
        seen[event.data.company_id] += 1

    database = Database(settings, name="tickets")
    await database.open()
    consumers = Consumers(settings, service="tickets", database=database)
    consumers.subscribe(WORKSPACE, {"workspace.company.upserted": handle})
    consumers.subscribe(SLA, {})
    yield consumers, seen
    await consumers.stop()
    await database.close()


async def test_each_group_is_joined_while_the_others_are(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first partitions of a group take seconds; one after the other they would add up."""
    start, all_begun = AIOKafkaConsumer.start, asyncio.Barrier(2)

    async def with_the_other(self: AIOKafkaConsumer) -> None:
        await all_begun.wait()
        await start(self)

    monkeypatch.setattr(AIOKafkaConsumer, "start", with_the_other)
    one = company(stack.workspace.ours)
    settings = settings_of(stack, monkeypatch)
    async with opened(settings) as (consumers, seen), Feed(settings.kafka_bootstrap_servers) as feed:
        running = asyncio.create_task(consumers.run())
        await feed.send(message(one))

        async def handled() -> bool:
            return one.company_id in seen

        await eventually(handled)
        running.cancel()


@pytest.mark.storm
async def test_a_broker_that_goes_away_while_they_start_is_waited_for(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, started = AIOKafkaConsumer.start, list[str]()

    async def second_fails(self: AIOKafkaConsumer) -> None:
        started.extend(self.subscription())
        if len(started) == 2:
            raise KafkaConnectionError("gone")
        await start(self)

    monkeypatch.setattr(AIOKafkaConsumer, "start", second_fails)
    companies = [company(stack.workspace.ours) for _ in range(20)]
    settings = settings_of(stack, monkeypatch)
    async with opened(settings) as (consumers, seen), Feed(settings.kafka_bootstrap_servers) as feed:
        running = asyncio.create_task(consumers.run())
        await feed.send(*(message(one) for one in companies))

        async def all_seen() -> bool:
            return {one.company_id for one in companies} <= seen.keys()

        await eventually(all_seen, timeout=60)
        assert not running.done()
        running.cancel()
    assert Counter(started) == {WORKSPACE: 2, SLA: 2}
    assert {seen[one.company_id] for one in companies} == {1}
