"""A service starts only when everything it needs is as it must be.

Every refusal: the process ends by itself, its exit code is not 0, and one line names the setting, never its value.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from opsdash_chassis.errors import StartupError
from opsdash_chassis.service.startup_checks import check_database
from opsdash_local.environment import inherited
from opsdash_local.ports import LOOPBACK, free_port
from opsdash_tickets.settings import REVISION, TicketsSettings

from tests.integration.checks import query
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.services import settings_in
from tests.support.stack import Stack

CANARY = "canary-value"
BAD_CONFIGURATION, CANNOT_START = 2, 3

#: setting: bad values. Each case is one value; several settings are tried in one process, for it names them all.
BAD_SETTINGS: list[dict[str, str | None]] = [
    {
        "OPSDASH_DATABASE_URL": None, "OPSDASH_DATABASE_WORKER_URL": None, "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": None,
        "OPSDASH_OIDC_ISSUER": None, "OPSDASH_OIDC_AUDIENCE": None, "OPSDASH_OIDC_JWKS_URL": None,
        "OPSDASH_TOKEN_FROM_GATEWAY": None,
    },
    {
        "OPSDASH_DATABASE_URL": "", "OPSDASH_DATABASE_WORKER_URL": f"mysql://{CANARY}",
        "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": "", "OPSDASH_OIDC_ISSUER": "", "OPSDASH_OIDC_AUDIENCE": "",
        "OPSDASH_OIDC_JWKS_URL": "", "OPSDASH_TOKEN_FROM_GATEWAY": f"{CANARY}-short",
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
    """Exit code and last line of a process that must not start."""
    code, lines = await said(environment)
    return code, lines[-1]


async def said(environment: dict[str, str]) -> tuple[int, list[str]]:
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "opsdash_tickets", "serve"],
        env=inherited() | {"OPSDASH_HTTP_PORT": str(free_port())} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert CANARY not in done.stderr + done.stdout
    return done.returncode, done.stderr.splitlines()


async def refusal(environment: dict[str, str]) -> str:
    """Why a service with these settings would not start; its process says so in one line and ends with 3."""
    settings = TicketsSettings(**settings_in(environment))
    with pytest.raises(StartupError) as caught:
        await check_database(settings, revision=REVISION)
    assert CANARY not in str(caught.value)
    return str(caught.value)


class TestConfiguration:
    @pytest.mark.parametrize("bad", BAD_SETTINGS, ids=["missing", "wrong"])
    async def test_every_bad_setting_is_named_and_no_value_is_shown(
        self, shared_stack: Stack, bad: dict[str, str | None]
    ):
        environment = {**shared_stack.tickets_environment, **bad}
        code, lines = await said({name: value for name, value in environment.items() if value is not None})
        assert code == BAD_CONFIGURATION
        assert all(line.startswith("configuration: OPSDASH_") for line in lines)
        assert sorted({line.split(": ")[1] for line in lines}) == sorted(bad)

    async def test_what_only_the_local_profile_allows_is_refused_in_production(self, shared_stack: Stack):
        production = shared_stack.tickets_environment | {
            "OPSDASH_PROFILE": "production",
            "OPSDASH_OIDC_JWKS_URL": "https://issuer.example/jwks.json",
            "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "true",
            "OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS": "6",
            "OPSDASH_PLAINTEXT_NETWORK": "accepted",
        }
        cases = [
            {"OPSDASH_LOG_LEVEL": "DEBUG"},
            {"OPSDASH_OIDC_JWKS_URL": "http://issuer.example/jwks.json"},
            {"OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": "false"},
            {"OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS": "2"},
            {"OPSDASH_CRASH_AT": "before_publish"},
        ]
        for case in cases:
            code, (line,) = await said(production | case)
            assert code == BAD_CONFIGURATION
            assert line.startswith(f"configuration: {next(iter(case))}")


class TestDatabase:
    """Every case is checked as the service checks it at its start; one of each kind also by starting the service."""

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
        for bad, reason in cases.items():
            message = await refusal(stack.tickets_environment | {setting: bad})
            assert message.startswith(f"{setting}: the role ")
            assert reason in message
        assert await refused(stack.tickets_environment | {setting: bad}) == (CANNOT_START, f"cannot start: {message}")

    async def test_a_database_in_the_wrong_state_is_refused(
        self, shared_stack: Stack, tickets_template: ServiceDatabase
    ):
        environment = shared_stack.tickets_environment
        cases = {
            "ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY": "row security is not forced on: tickets",
            "CREATE TABLE notes (org_id uuid)": "row security is not forced on: notes",
            "UPDATE alembic_version SET version_num = '0000'": "run the migrate job",
            "DROP TABLE alembic_version": "the schema is at revision None",
        }
        for statement, reason in cases.items():
            database = await self.spoiled(tickets_template, statement)
            message = await refusal(environment | database.environment)
            assert reason in message
            if statement.startswith("DROP"):
                answer = await refused(environment | database.environment)
                assert answer == (CANNOT_START, f"cannot start: {message}")
            await drop(database)

    async def test_a_schema_that_is_ahead_is_served_for_migrations_only_add(
        self, shared_stack: Stack, tickets_template: ServiceDatabase
    ):
        ahead = await self.spoiled(tickets_template, "UPDATE alembic_version SET version_num = '9999'")
        service = await shared_stack.tickets(**ahead.environment)
        assert service.is_ready()
        assert "schema_is_newer" in service.logs()
        assert await asyncio.to_thread(service.sigterm) == 0
        await drop(ahead)

    async def spoiled(self, template: ServiceDatabase, statement: str) -> ServiceDatabase:
        database = await clone("tickets", template)
        connection = await asyncpg.connect(database.admin_url)
        await connection.execute(statement)
        await connection.close()
        return database

    async def test_a_database_that_lets_nobody_in_or_is_too_small_is_refused(self, shared_stack: Stack):
        stack = shared_stack
        wrong_password = with_database(stack.database.app_url, user="tickets_app", password=CANARY)
        too_many = {"OPSDASH_DATABASE_POOL_SIZE": "100", "OPSDASH_DATABASE_MAXIMUM_REPLICAS": "10"}
        message = await refusal(stack.tickets_environment | {"OPSDASH_DATABASE_URL": wrong_password})
        assert message.startswith("OPSDASH_DATABASE_URL: the database cannot be reached (")
        message = await refusal(stack.tickets_environment | too_many)
        assert message.startswith("OPSDASH_DATABASE_POOL_SIZE: ")


class TestPort:
    async def test_a_port_in_use_is_one_clear_line(self, shared_stack: Stack):
        with socket.socket() as taken:
            taken.bind((LOOPBACK, 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            code, message = await refused(shared_stack.tickets_environment | {"OPSDASH_HTTP_PORT": port})
        assert code == CANNOT_START
        assert message == f"cannot start: cannot listen on port {port}: Address already in use"
