"""Replicas that count together, on a real broker: a limit is the documented one, however many there are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest
from opsdash_chassis.kafka.clients import BrokerRefuses
from opsdash_chassis.kafka.shared_counts import SharedCounts
from opsdash_chassis.kafka.topics import create_topics
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.settings import KafkaSettings, load_settings
from opsdash_contracts.requests import GatewayRequestsCounted
from opsdash_contracts.topics import GATEWAY_REQUESTS
from opsdash_http.errors.problems import Problem
from opsdash_http.limits.rate_limits import RateLimit

from tests.support.brokers import PARTITIONS, Broker, broker_of_its_own, client_environment
from tests.support.measurements import (
    BURST,
    PER_SECOND,
    Ask,
    allowed,
    ask_too_much,
    eventually,
    has_what_is_allowed,
)

Settings = Callable[[Broker], KafkaSettings]


@pytest.fixture
def settings_for(monkeypatch: pytest.MonkeyPatch) -> Settings:
    def settings(broker: Broker) -> KafkaSettings:
        environment = {
            "OPSDASH_PROFILE": "local",
            "OPSDASH_OIDC_ISSUER": "http://127.0.0.1",
            "OPSDASH_OIDC_AUDIENCE": "opsdash",
            "OPSDASH_OIDC_JWKS_URL": "http://127.0.0.1/keys",
            **client_environment(broker),
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return load_settings(KafkaSettings, environment)

    return settings


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_of_its_own(tmp_path) as server:
        yield server


class Replica:
    """One process's limit, and what has it count with the others."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.limit = RateLimit(per_second=PER_SECOND, burst=BURST)
        self.counts = SharedCounts(
            settings, GATEWAY_REQUESTS, GatewayRequestsCounted, self.limit.charge_for_others, kafka=Dependency("kafka")
        )
        self.limit.report_to(self.counts.count)

    def asked_by(self, person: UUID) -> Ask:
        async def ask() -> bool:
            try:
                self.limit.check(person)
            except Problem:
                return False
            return True

        return ask

    def left_for(self, person: UUID) -> int:
        told = dict(self.limit.headers(person))[b"ratelimit"]
        return int(told.partition(b"r=")[2].partition(b";")[0])


def asked(replicas: list[Replica], person: UUID) -> list[Ask]:
    return [replica.asked_by(person) for replica in replicas]


@asynccontextmanager
async def running(settings: KafkaSettings, count: int) -> AsyncIterator[list[Replica]]:
    """That many, each of which hears of the others."""
    replicas = [Replica(settings) for _ in range(count)]
    tasks = [asyncio.create_task(replica.counts.run()) for replica in replicas]
    try:
        await hear_of_each_other(replicas)
        yield replicas
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def hear_of_each_other(replicas: list[Replica]) -> None:
    for replica in replicas:
        await heard(replica, replicas)


async def heard(speaker: Replica, replicas: list[Replica]) -> None:
    """Somebody new asks it now and then, until all know of one of them."""
    known: set[int] = set()

    async def everywhere() -> bool:
        person = uuid4()
        speaker.limit.charge(person, BURST + PER_SECOND * 30)
        await asyncio.sleep(0.3)
        known.update(number for number, replica in enumerate(replicas) if replica.left_for(person) == 0)
        return len(known) == len(replicas)

    await eventually(everywhere)


@pytest.mark.integration
@pytest.mark.kafka
@pytest.mark.parametrize("count", [1, 2, 6])
async def test_a_person_has_the_whole_limit_and_no_more(count: int, broker: Broker, settings_for: Settings):
    async with running(settings_for(broker), count) as replicas:
        everywhere, one_place = uuid4(), uuid4()
        await asyncio.gather(
            has_what_is_allowed(asked(replicas, everywhere)),
            has_what_is_allowed(asked(replicas[:1], one_place)),
        )


@pytest.mark.integration
@pytest.mark.kafka
async def test_what_a_request_cost_counts_everywhere(broker: Broker, settings_for: Settings):
    async with running(settings_for(broker), 2) as (first, second):
        person = uuid4()
        first.limit.charge(person, BURST + 20 * PER_SECOND)
        await eventually(_is_refused(second, person))


def _is_refused(replica: Replica, person: UUID) -> Callable[[], Awaitable[bool]]:
    async def refused() -> bool:
        return replica.left_for(person) == 0

    return refused


@pytest.mark.integration
@pytest.mark.kafka
async def test_without_the_broker_each_counts_alone_and_afterwards_together_again(
    broker: Broker, settings_for: Settings
):
    async with running(settings_for(broker), 2) as replicas:
        assert [replica.counts.state() for replica in replicas] == [(True, "counts with the other replicas")] * 2
        broker.kill()
        person = uuid4()
        started, count = time.monotonic(), 0
        while count <= 1.5 * allowed(time.monotonic() - started):
            count += sum([await ask() for ask in asked(replicas, person)])
            assert time.monotonic() - started < 60
            await asyncio.sleep(0.005)
        for replica in replicas:
            await eventually(_says(replica, "counts alone: waits for kafka"))
            assert replica.counts.state()[0], "it serves as well as before"
        _start_with_topics(broker)
        for replica in replicas:
            await eventually(_says(replica, "counts with the other replicas"))
        await hear_of_each_other(replicas)
        await has_what_is_allowed(asked(replicas, uuid4()))


def _says(replica: Replica, text: str) -> Callable[[], Awaitable[bool]]:
    async def says() -> bool:
        return replica.counts.state()[1].startswith(text)

    return says


def _start_with_topics(broker: Broker) -> None:
    """While nobody here asks: the embedded broker makes a topic, with one partition, for whoever asks for it."""
    broker.start()
    with ThreadPoolExecutor() as threads:
        threads.submit(lambda: asyncio.run(create_topics(broker.bootstrap_servers, partitions=PARTITIONS))).result()


async def test_who_counts_alone_lets_more_through():
    """The measure can fail: two that do not know of each other."""
    limits = [RateLimit(per_second=PER_SECOND, burst=BURST) for _ in range(2)]
    person = uuid4()

    async def ask(limit: RateLimit) -> bool:
        try:
            limit.check(person)
        except Problem:
            return False
        return True

    count, _, seconds = await ask_too_much([lambda: ask(limits[0]), lambda: ask(limits[1])], seconds=1.0, patience=2.0)
    assert count > allowed(seconds)


def test_a_topic_that_is_missing_is_no_broker_that_is_away():
    kafka = Dependency("kafka")
    settings = cast("KafkaSettings", None)  # nothing connects
    charge = RateLimit(per_second=PER_SECOND, burst=BURST).charge_for_others
    counts = SharedCounts(settings, GATEWAY_REQUESTS, GatewayRequestsCounted, charge, kafka=kafka)
    counts._note_failure(BrokerRefuses("topic t does not exist: run opsdash-topics"))
    assert counts.state() == (True, "counts alone: topic t does not exist: run opsdash-topics")
    assert kafka.missed_by(f"{GATEWAY_REQUESTS} to report") == ""
