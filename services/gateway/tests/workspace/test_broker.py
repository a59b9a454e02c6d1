"""The feed on a real broker: confirmed means stored, a dead broker is 503, and it recovers without help."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from opsdash_chassis.kafka.topics import create_topics
from opsdash_chassis.observability.descriptors import SPARE
from opsdash_contracts.topics import WORKSPACE

from tests.support.brokers import PARTITIONS, Broker, Witness, broker_of_its_own, client_environment
from tests.support.http_servers import TestIssuer
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stack import WORKSPACE_TOKEN, internal_environment


@pytest.fixture
async def kafka(tmp_path: Path) -> AsyncIterator[Broker]:
    async with broker_of_its_own(tmp_path) as server:
        yield server


@pytest.fixture
async def gateway(kafka: Broker, issuer: TestIssuer, start_service: Any) -> ServiceProcess:
    environment = {
        "OPSDASH_PROFILE": "local",
        **internal_environment("gateway"),
        "OPSDASH_WORKSPACE_TOKEN": WORKSPACE_TOKEN,
        "OPSDASH_TICKETS_URL": "http://127.0.0.1:1",
        "OPSDASH_COMMENTS_URL": "http://127.0.0.1:1",
        "OPSDASH_NOTIFICATIONS_URL": "http://127.0.0.1:1",
        "OPSDASH_SLA_MONITOR_URL": "http://127.0.0.1:1",
        "OPSDASH_CRON_SECRET": "Cr7vQ2ZtB9xLd4Ns1Yb8Hc3Mf6Gj0Pa5",
        "OPSDASH_PUBLIC_URL": "http://127.0.0.1",
        "OPSDASH_OIDC_CLIENT_ID": "opsdash-console",
        "OPSDASH_SESSION_SECRET": "Sn4vK9ZtR2xLd7Ns3Yb6Hc1Mf8Gj5Pa0",
        **client_environment(kafka),
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


def highest_descriptor(pid: int) -> int:
    return max(int(file.name) for file in Path(f"/proc/{pid}/fd").iterdir())


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
    gateway.sigstop()  # the embedded broker makes a topic, with one partition, for whoever asks for it
    kafka.start()
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
    gateway.sigcont()
    await eventually(lambda: put_org(gateway, 3), lambda status: status == 202)


async def test_without_free_file_descriptors_it_is_not_ready_until_there_are_some(gateway: ServiceProcess) -> None:
    _, hard = before = resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, (highest_descriptor(gateway.pid) + SPARE // 2, hard))
    status, body = await gateway.readiness()
    assert status == 503
    assert f"descriptors: fewer than {SPARE} file descriptors are free" in body
    resource.prlimit(gateway.pid, resource.RLIMIT_NOFILE, before)
    assert (await gateway.readiness())[0] == 200


async def test_sigterm_ends_it_with_0(gateway: ServiceProcess) -> None:
    assert await put_org(gateway, 1) == 202
    assert gateway.sigterm() == 0
