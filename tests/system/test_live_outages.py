"""The live stream when broker, gateway or a message fails: readers go on or load again, never in silence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from opsdash_chassis.kafka.topics import create_topics

from tests.support.brokers import PARTITIONS, Broker, broker_of_its_own
from tests.support.fixtures import ServiceFactory
from tests.support.http_servers import TestIssuer
from tests.support.live_stream import LiveClient, agreeing_upstream, lone_gateway_environment, publish_breach, stream_of
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_of_its_own(tmp_path) as server:
        yield server


@pytest.fixture
async def gateway(kafka: Broker, issuer: TestIssuer, start_service: ServiceFactory) -> AsyncIterator[ServiceProcess]:
    async with agreeing_upstream() as owner:
        yield await start_service("gateway", lone_gateway_environment(kafka, issuer, owner)).ready()


async def told_of_breach(reader: LiveClient, kafka: Broker) -> None:
    """Repeats the event until it is told: a gateway that has just started may not follow yet."""
    before = len(reader.of("sla"))

    async def told() -> bool:
        await publish_breach(kafka)
        return len(reader.of("sla")) > before

    await eventually(told, timeout=30)


async def test_a_damaged_message_is_skipped(gateway: ServiceProcess, kafka: Broker, issuer: TestIssuer):
    async with stream_of(gateway, issuer) as reader:
        await told_of_breach(reader, kafka)
        await publish_breach(kafka, b"no json")
        await told_of_breach(reader, kafka)


async def test_a_broker_that_forgot_everything_means_load_again(
    gateway: ServiceProcess, kafka: Broker, issuer: TestIssuer
):
    async with stream_of(gateway, issuer) as reader:
        await told_of_breach(reader, kafka)
        resyncs = len(reader.of("resync"))
        kafka.kill()
        kafka.start()
        await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
        if not kafka.keeps_records:
            await reader.wait_for("resync", resyncs + 1, timeout=30)
        await told_of_breach(reader, kafka)
        assert not reader.ended.is_set()


async def test_after_a_kill_the_old_place_is_unknown(gateway: ServiceProcess, kafka: Broker, issuer: TestIssuer):
    async with stream_of(gateway, issuer) as reader:
        await told_of_breach(reader, kafka)
        gateway.sigkill()
        await reader.ended.wait()
    await gateway.start().ready()
    async with stream_of(gateway, issuer, reader.last_event_id) as again:
        await again.wait_for("resync")
        await told_of_breach(again, kafka)


async def test_streams_do_not_hold_up_a_stop(gateway: ServiceProcess, issuer: TestIssuer):
    """Shorter than requests are given to finish."""
    async with stream_of(gateway, issuer) as reader:
        await reader.started()
        assert gateway.sigterm(timeout=8) == 0
        await reader.ended.wait()
