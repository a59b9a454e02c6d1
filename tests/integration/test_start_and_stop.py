"""A service starts only when everything it needs is as it must be, and stops without losing anything (G12).

Every refusal: the process ends by itself, its exit code is not 0, and one line names the setting, never its value.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from opsdash_chassis.topics import create_topics
from opsdash_contracts.topics import TICKETS
from opsdash_local.ports import LOOPBACK, free_port

from tests.integration.conftest import NewStack
from tests.integration.stacks import running
from tests.integration.watching import command, eventually, outbox_empty, query, stored_versions, versions
from tests.support.brokers import Broker, new_broker
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.service_process import ServiceProcess
from tests.support.stack import PARTITIONS, Stack
from tests.support.witness import Witness

STARTS_AT_ONCE = asyncio.Semaphore(2)
CANARY = "canary-value"
BAD_CONFIGURATION, CANNOT_START = 2, 3

#: setting: bad values. Each case is one value; several settings are tried in one process, for it names them all.
BAD_SETTINGS: list[dict[str, str | None]] = [
    {
        "OPSDASH_DATABASE_URL": None, "OPSDASH_DATABASE_WORKER_URL": None, "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": None,
        "OPSDASH_OIDC_ISSUER": None, "OPSDASH_OIDC_AUDIENCE": None, "OPSDASH_OIDC_JWKS_URL": None,
        "OPSDASH_INTERNAL_TOKEN": None,
    },
    {
        "OPSDASH_DATABASE_URL": "", "OPSDASH_DATABASE_WORKER_URL": f"mysql://{CANARY}",
        "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": "", "OPSDASH_OIDC_ISSUER": "", "OPSDASH_OIDC_AUDIENCE": "",
        "OPSDASH_OIDC_JWKS_URL": "", "OPSDASH_INTERNAL_TOKEN": f"{CANARY}-short",
        "OPSDASH_OIDC_ALGORITHMS": f"none,{CANARY}", "OPSDASH_RELAY_POLL_SECONDS": "0",
        "OPSDASH_DATABASE_POOL_SIZE": "0", "OPSDASH_KAFKA_PARTITIONS": CANARY, "OPSDASH_LOG_LEVEL": CANARY,
        "OPSDASH_PROFILE": CANARY, "OPSDASH_DATABSE_URL": CANARY, "OPSDASH_INBOX_RETENTION_HOURS": "0",
    },
]  # fmt: skip


def with_database(url: str, *, user: str, password: str, database: str | None = None) -> str:
    parts = urlsplit(url)
    path = parts.path if database is None else f"/{database}"
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}", path=path))


async def refused(environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and message of a process that must not start."""
    async with STARTS_AT_ONCE:  # more would only wait for each other's processor
        done = await command(environment, "serve")
    assert CANARY not in done.stderr + done.stdout
    return done.returncode, done.stderr


class TestConfiguration:
    @pytest.mark.parametrize("bad", BAD_SETTINGS, ids=["missing", "wrong"])
    async def test_every_bad_setting_is_named_and_no_value_is_shown(
        self, shared_stack: Stack, bad: dict[str, str | None]
    ):
        environment = {**shared_stack.tickets_environment, **bad}
        code, message = await refused({name: value for name, value in environment.items() if value is not None})
        assert code == BAD_CONFIGURATION
        lines = message.splitlines()
        assert all(line.startswith("configuration: OPSDASH_") for line in lines)
        assert sorted({line.split(": ")[1] for line in lines}) == sorted(bad)

    async def test_what_only_the_local_profile_allows_is_refused_in_production(self, shared_stack: Stack):
        production = shared_stack.tickets_environment | {
            "OPSDASH_PROFILE": "production",
            "OPSDASH_OIDC_JWKS_URL": "https://issuer.example/jwks.json",
            "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "true",
        }
        cases = [
            {"OPSDASH_LOG_LEVEL": "DEBUG"},
            {"OPSDASH_OIDC_JWKS_URL": "http://issuer.example/jwks.json"},
            {"OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "false"},
            {"OPSDASH_CRASH_AT": "before_publish"},
        ]
        answers = await asyncio.gather(*(refused(production | case) for case in cases))
        for case, (code, message) in zip(cases, answers, strict=True):
            assert code == BAD_CONFIGURATION
            assert message.splitlines()[0].startswith(f"configuration: {next(iter(case))}"), message
            assert len(message.splitlines()) == 1


class TestDatabase:
    """Each case prepares a database of its own and says what the refusal must contain."""

    @pytest.mark.parametrize("setting", ["OPSDASH_DATABASE_URL", "OPSDASH_DATABASE_WORKER_URL"])
    async def test_a_role_that_row_security_does_not_bind_is_refused(self, shared_stack: Stack, setting: str):
        stack, url = shared_stack, shared_stack.database.app_url
        for name, rights in {"super_role": "SUPERUSER", "bypass_role": "BYPASSRLS", "heir_role": "INHERIT"}.items():
            if not await query(stack, "SELECT FROM pg_roles WHERE rolname = $1", name):
                await query(stack, f"CREATE ROLE {name} LOGIN {rights} PASSWORD '{CANARY}'")
            await query(stack, f'GRANT CONNECT ON DATABASE "{stack.database.name}" TO {name}')
        await query(stack, "GRANT tickets_owner TO heir_role")
        cases = {
            with_database(url, user="super_role", password=CANARY): "superuser",
            with_database(url, user="bypass_role", password=CANARY): "bypass row security",
            with_database(url, user="heir_role", password=CANARY): "owns tables",
            stack.database.owner_url: "owns tables",
        }
        answers = await asyncio.gather(*(refused(stack.tickets_environment | {setting: bad}) for bad in cases))
        for (code, message), reason in zip(answers, cases.values(), strict=True):
            assert code == CANNOT_START
            assert message.splitlines()[-1].startswith(f"cannot start: {setting}: the role ")
            assert reason in message

    async def test_a_database_in_the_wrong_state_is_refused(
        self, shared_stack: Stack, tickets_template: ServiceDatabase
    ):
        cases = {
            "ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY": "row security is not forced on: tickets",
            "CREATE TABLE notes (org_id uuid)": "row security is not forced on: notes",
            "UPDATE alembic_version SET version_num = '0000'": "run the migrate job",
            "UPDATE alembic_version SET version_num = '9999'": "the schema is at revision 9999",
            "DROP TABLE alembic_version": "the schema is at revision None",
        }
        databases = [await self.spoiled(tickets_template, statement) for statement in cases]
        environment = shared_stack.tickets_environment
        answers = await asyncio.gather(*(refused(environment | database.environment) for database in databases))
        for database, (code, message), reason in zip(databases, answers, cases.values(), strict=True):
            assert code == CANNOT_START
            assert reason in message.splitlines()[-1]
            await drop(database)

    async def spoiled(self, template: ServiceDatabase, statement: str) -> ServiceDatabase:
        database = await clone("tickets", template)
        connection = await asyncpg.connect(database.admin_url)
        await connection.execute(statement)
        await connection.close()
        return database

    async def test_a_database_that_is_away_or_too_small_is_refused(self, shared_stack: Stack):
        stack = shared_stack
        nowhere = f"postgresql://app:{CANARY}@{LOOPBACK}:{free_port()}/tickets"
        wrong_password = with_database(stack.database.app_url, user="tickets_app", password=CANARY)
        cases = {
            "OPSDASH_DATABASE_URL: the database cannot be reached": {"OPSDASH_DATABASE_URL": nowhere},
            "OPSDASH_DATABASE_URL: the database cannot be reached (": {"OPSDASH_DATABASE_URL": wrong_password},
            "OPSDASH_DATABASE_POOL_SIZE: ": {"OPSDASH_DATABASE_POOL_SIZE": "100", "OPSDASH_REPLICAS": "10"},
        }
        answers = await asyncio.gather(*(refused(stack.tickets_environment | bad) for bad in cases.values()))
        for (code, message), start in zip(answers, cases, strict=True):
            assert code == CANNOT_START
            assert message.splitlines()[-1].startswith(f"cannot start: {start}"), message


class TestBroker:
    @pytest.fixture
    async def broker(self, tmp_path: Path) -> AsyncIterator[Broker]:
        server = new_broker(tmp_path)
        server.start()
        yield server
        server.kill()

    async def test_a_missing_topic_or_another_partition_count_is_refused(self, shared_stack: Stack, broker: Broker):
        environment = shared_stack.tickets_environment | {"OPSDASH_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
        code, message = await refused(environment)
        assert code == CANNOT_START
        assert "topic opsdash." in message.splitlines()[-1]
        assert "does not exist: run opsdash-topics first" in message.splitlines()[-1]
        await create_topics(broker.bootstrap_servers, partitions=PARTITIONS)
        code, message = await refused(environment | {"OPSDASH_KAFKA_PARTITIONS": "4"})
        assert code == CANNOT_START
        assert "has 3 partitions but OPSDASH_KAFKA_PARTITIONS expects 4" in message.splitlines()[-1]

    async def test_only_the_topic_it_publishes_to_is_missing(self, shared_stack: Stack, broker: Broker):
        """Consuming would work, publishing never would: every event would wait in the outbox for ever."""
        await create_topics(broker.bootstrap_servers, partitions=PARTITIONS)
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
        await admin.start()
        await admin.delete_topics([TICKETS])
        await admin.close()
        environment = shared_stack.tickets_environment | {"OPSDASH_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers}
        code, message = await refused(environment)
        assert code == CANNOT_START
        assert f"topic {TICKETS} does not exist" in message.splitlines()[-1]

    async def test_without_a_broker_it_gives_up_in_time_instead_of_serving(self, shared_stack: Stack):
        environment = shared_stack.tickets_environment | {
            "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{free_port()}",
            "OPSDASH_KAFKA_START_TIMEOUT_SECONDS": "1.5",
        }
        code, message = await refused(environment)
        assert code == CANNOT_START
        assert message.splitlines()[-1] == (
            "cannot start: no Kafka broker answered within 1.5 s: check OPSDASH_KAFKA_BOOTSTRAP_SERVERS"
        )


class TestPort:
    async def test_a_port_in_use_is_one_clear_line(self, shared_stack: Stack):
        with socket.socket() as taken:
            taken.bind((LOOPBACK, 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            code, message = await refused(shared_stack.tickets_environment | {"OPSDASH_HTTP_PORT": port})
        assert code == CANNOT_START
        assert message.splitlines()[-1] == f"cannot start: cannot listen on port {port}: Address already in use"


class TestStop:
    async def test_under_load_it_exits_0_and_keeps_every_acknowledged_write(self, new_stack: NewStack):
        await asyncio.gather(*(self.stop_under_load(new_stack, number) for number in (signal.SIGTERM, signal.SIGINT)))

    async def stop_under_load(self, new_stack: NewStack, number: signal.Signals) -> None:
        async with new_stack() as stack:
            service, acknowledged = await stack.tickets(), list[str]()
            load = [asyncio.create_task(self.keep_creating(stack, service, acknowledged)) for _ in range(8)]

            async def busy() -> bool:
                return len(acknowledged) > 30

            await eventually(busy, service=service)
            assert service.process is not None
            service.process.send_signal(number)
            assert await asyncio.to_thread(service.wait_exit, 25) == 0, service.logs()
            refusals = await asyncio.gather(*load)
            stored = {ticket for ticket, _ in await stored_versions(stack)}
            assert stored >= set(acknowledged)
            assert set(refusals) <= {"ClientConnectorError", "ServerDisconnectedError", "ClientOSError", "503"}
            async with running(stack), Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
                await outbox_empty(stack)
                await witness.wait_until(lambda records: {ticket for ticket, _ in versions(records)} >= stored)

    async def keep_creating(self, stack: Stack, service: ServiceProcess, acknowledged: list[str]) -> str:
        """Until the service is gone; how it was refused."""
        client = stack.client(service, stack.workspace.ours.admin)
        while True:
            try:
                answer = await client.call("POST", f"/orgs/{stack.workspace.ours.slug}/tickets", {"title": "load"})
            except (aiohttp.ClientError, OSError) as error:
                return type(error).__name__
            if answer.status != 201:
                return str(answer.status)
            acknowledged.append(answer.body["id"])

    @pytest.mark.parametrize("after_seconds", [0.4, 0.9, 1.3])
    async def test_while_starting_it_leaves_at_once(self, shared_stack: Stack, after_seconds: float):
        service = shared_stack.start_tickets(OPSDASH_KAFKA_BOOTSTRAP_SERVERS=f"{LOOPBACK}:{free_port()}")
        await asyncio.sleep(after_seconds)
        assert await asyncio.to_thread(service.sigterm) in {0, -signal.SIGTERM}, service.logs()
