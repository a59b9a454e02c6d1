"""A service starts while what it needs is away: it serves what it can, says what it waits for, and goes on (G18)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from opsdash_chassis.kafka.topics import create_topics
from opsdash_contracts.topics import TICKETS
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.integration.checks import command, eventually, metric, scalar, stored_versions, versions
from tests.integration.conftest import NewStack
from tests.integration.stacks import running
from tests.support.brokers import PARTITIONS, Broker, Witness, new_broker
from tests.support.databases import make_template
from tests.support.fixtures import ServiceFactory
from tests.support.live_stream import lone_gateway_environment
from tests.support.service_process import ServiceProcess
from tests.support.stack import WORKSPACE_TOKEN, Client, Stack
from tests.support.workspace import Feed, company, message

CANNOT_START = 3


@pytest.fixture
def absent(tmp_path: Path) -> Iterator[Broker]:
    """A broker that is not there yet."""
    server = new_broker(tmp_path)
    yield server
    server.kill()


async def says(service: ServiceProcess, status: int, text: str, *, timeout: float = 90.0) -> None:
    """Wait until /readyz answers so."""

    async def said() -> bool:
        found, body = await service.readiness()
        return found == status and text in body

    await eventually(said, timeout=timeout, service=service)


def without(broker: Broker) -> dict[str, str]:
    return {"OPSDASH_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}


@pytest.mark.kafka
class TestBrokerAway:
    async def test_the_service_writes_and_says_so_and_publishes_and_consumes_when_the_broker_is_there(
        self, stack: Stack, absent: Broker
    ):
        async with running(stack, **without(absent)) as service:
            await says(service, 200, "waits for kafka, away for")
            client = stack.client(service, stack.workspace.ours.admin)
            created = await client.create_ticket(stack.workspace.ours.slug)
            assert await metric(service, "opsdash_dependency_up", dependency="kafka") == 0
            await asyncio.to_thread(absent.start)
            await create_topics(absent.bootstrap_servers, partitions=PARTITIONS)
            async with Witness(absent.bootstrap_servers, TICKETS) as witness:
                await witness.wait_until(lambda records: (created["id"], 1) in versions(records), timeout=30)
                assert await stored_versions(stack) == versions(witness.records)
            await consumes(stack, absent, service)
            await says(service, 200, '"consuming"')
            await says(service, 200, "counts with the other replicas")

            async def is_up() -> bool:
                return await metric(service, "opsdash_dependency_up", dependency="kafka") == 1

            await eventually(is_up, service=service)
            assert service.exit_code is None

    async def test_what_waiting_does_not_mend_is_not_ready_with_the_way_out(self, stack: Stack, absent: Broker):
        """The last topic to be missing is the one it publishes to: consuming alone would work."""
        await asyncio.to_thread(absent.start)
        service = stack.start_tickets(**without(absent))
        await says(service, 503, "does not exist, or may not be seen: run opsdash-topics")
        service.sigstop()  # it would start between the two
        await create_topics(absent.bootstrap_servers, partitions=PARTITIONS)
        admin = AIOKafkaAdminClient(bootstrap_servers=absent.bootstrap_servers)
        await admin.start()
        await admin.delete_topics([TICKETS])

        async def gone() -> bool:
            return TICKETS not in await admin.list_topics()

        await eventually(gone)
        service.sigcont()
        await says(service, 503, f"topic {TICKETS} does not exist")
        client = stack.client(service, stack.workspace.ours.admin)
        await client.create_ticket(stack.workspace.ours.slug)
        await says(service, 503, "publishing is refused: topic")
        assert TICKETS not in await admin.list_topics(), "nobody but the topic job makes topics"
        await admin.close()
        await create_topics(absent.bootstrap_servers, partitions=PARTITIONS)
        await says(service, 200, '"consuming"')
        assert await asyncio.to_thread(service.sigterm) == 0
        assert service.logs().count("broker_refuses ") <= 4, "a line each time the reason changes"

    async def test_another_partition_count_is_not_ready_for_as_long_as_it_is_so(self, shared_stack: Stack):
        service = shared_stack.start_tickets(OPSDASH_KAFKA_PARTITIONS="4")
        await says(service, 503, "has 3 partitions but OPSDASH_KAFKA_PARTITIONS expects 4")
        assert await asyncio.to_thread(service.status_of, "/livez") == 200
        assert await asyncio.to_thread(service.sigterm) == 0

    @pytest.mark.apache_only
    async def test_a_session_that_the_broker_does_not_take_is_named(self, shared_stack: Stack):
        service = shared_stack.start_tickets(OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS="2.5")
        await says(service, 503, "OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS: the broker refuses sessions of 2.5")
        assert await asyncio.to_thread(service.sigterm) == 0

    async def test_the_gateway_serves_and_refuses_the_feed_until_the_broker_is_there(
        self, absent: Broker, issuer, start_service: ServiceFactory
    ):
        environment = lone_gateway_environment(absent, issuer, "http://127.0.0.1:1")
        gateway = await start_service("gateway", environment).ready()
        await says(gateway, 200, "waits for kafka")
        feed = Client(gateway.url, {"Authorization": f"Bearer {WORKSPACE_TOKEN}"})
        path = "/api/workspace/org/0191e1a2-0000-7000-8000-000000000001"
        body = {"slug": "brightside", "name": "Brightside", "plate": "sales", "version": 1}
        refused = await feed.call("PUT", path, body)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
        await asyncio.to_thread(absent.start)
        await create_topics(absent.bootstrap_servers, partitions=PARTITIONS)

        async def taken() -> bool:
            return (await feed.call("PUT", path, body)).status == 202

        await eventually(taken, timeout=30, service=gateway)
        await says(gateway, 200, "follows")


class TestDatabaseAway:
    async def test_it_is_waited_for_and_named_when_it_does_not_come(self, shared_stack: Stack):
        nowhere = f"postgresql://tickets_app:canary@127.0.0.1:{free_port()}/tickets"
        wait = {"OPSDASH_DATABASE_START_TIMEOUT_SECONDS": "2.5"}
        done = await command(shared_stack.tickets_environment | wait | {"OPSDASH_DATABASE_URL": nowhere}, "serve")
        assert done.returncode == CANNOT_START
        lines = done.stderr.splitlines()
        assert lines[-1] == (
            "cannot start: OPSDASH_DATABASE_URL: the database cannot be reached (ConnectionRefusedError) within 2.5 s"
            " (OPSDASH_DATABASE_START_TIMEOUT_SECONDS)"
        )
        assert sum("database_awaited" in line for line in lines) == 1, "a line every ten seconds"
        assert "canary" not in done.stderr

    async def test_one_that_comes_in_time_is_served(self, new_stack: NewStack, tmp_path: Path):
        server = EmbeddedPostgres(tmp_path / "postgres", free_port(), durable=False)
        await asyncio.to_thread(server.start)
        async with new_stack() as stack:
            database = await make_template("tickets", server.admin_url)
            await asyncio.to_thread(server.stop)
            service = stack.start_tickets(**database.environment)
            await service.wait_for_log("database_awaited", timeout=30)
            await asyncio.to_thread(server.start)
            await service.ready()
        server.kill()


async def consumes(stack: Stack, broker: Broker, service: ServiceProcess) -> None:
    """What is sent now is applied."""
    item = company(stack.workspace.ours)
    async with Feed(broker.bootstrap_servers) as feed:
        await feed.send(message(item))

    async def applied() -> bool:
        return bool(await scalar(stack, "SELECT 1 FROM companies WHERE company_id = $1", item.company_id))

    await eventually(applied, timeout=30, service=service)
