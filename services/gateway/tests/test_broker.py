"""The feed on a real broker: confirmed means stored, a dead broker is 503, and it recovers without help."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from opsdash_chassis.topics import create_topics
from opsdash_contracts.topics import WORKSPACE

from tests.support.brokers import Broker, new_broker
from tests.support.eventually import eventually
from tests.support.issuer import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import INTERNAL_TOKEN, PARTITIONS, WORKSPACE_TOKEN
from tests.support.witness import Witness


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Broker]:
    server = new_broker(tmp_path)
    server.start()
    await create_topics(server.bootstrap_servers, partitions=PARTITIONS)
    yield server
    server.kill()


@pytest.fixture
async def gateway(kafka: Broker, issuer: TestIssuer, start_service: Any) -> ServiceProcess:
    environment = {
        "OPSDASH_PROFILE": "local",
        "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": str(kafka.idempotent_producers).lower(),
        "OPSDASH_KAFKA_PARTITIONS": str(PARTITIONS),
        "OPSDASH_INTERNAL_TOKEN": INTERNAL_TOKEN,
        "OPSDASH_WORKSPACE_TOKEN": WORKSPACE_TOKEN,
        "OPSDASH_TICKETS_URL": "http://127.0.0.1:1",
        "OPSDASH_COMMENTS_URL": "http://127.0.0.1:1",
        "OPSDASH_SLA_MONITOR_URL": "http://127.0.0.1:1",
        "OPSDASH_CRON_SECRET": "Cr7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa5",
        "OPSDASH_PUBLIC_URL": "http://127.0.0.1",
        "OPSDASH_OIDC_CLIENT_ID": "opsdash-console",
        "OPSDASH_SESSION_SECRET": "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0",
        **issuer.environment,
    }
    process: ServiceProcess = await start_service("gateway", environment).ready()
    return process


async def put_org(gateway: ServiceProcess, version: int) -> int:
    body = {"slug": "brightside", "name": "Brightside", "plate": "sales", "version": version}
    headers = {"Authorization": f"Bearer {WORKSPACE_TOKEN}"}
    async with (
        aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=30)) as session,
        session.put(f"{gateway.url}/api/workspace/org/{ORG}", json=body) as response,
    ):
        return response.status


ORG = uuid4()


async def test_confirmed_means_on_the_topic(gateway: ServiceProcess, kafka: Broker) -> None:
    assert await put_org(gateway, 1) == 202
    async with Witness(kafka.bootstrap_servers, WORKSPACE) as witness:
        (record,) = await witness.wait_for(1)
    assert record.key == str(ORG).encode()
    assert record.header("ce_type") == "workspace.org.upserted"


async def test_a_dead_broker_is_503_and_a_new_one_is_found(gateway: ServiceProcess, kafka: Broker) -> None:
    assert await put_org(gateway, 1) == 202
    kafka.kill()
    assert await put_org(gateway, 2) == 503
    assert gateway.is_ready()
    kafka.start()
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
    await eventually(lambda: put_org(gateway, 3), lambda status: status == 202)


async def test_sigterm_ends_it_with_0(gateway: ServiceProcess) -> None:
    assert await put_org(gateway, 1) == 202
    assert gateway.sigterm() == 0
