"""Fixtures and hooks of every suite: servers for the run, databases for a test, the marker `integration`, the seed.

`pytest services -m "not integration"` runs those in a quarter of a minute.
"""

from __future__ import annotations

import os
import secrets
import shutil
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.services import BACKENDS

from tests.support.databases import ServiceDatabase, clone, drop, make_template
from tests.support.http_servers import TestIssuer
from tests.support.service_process import ServiceProcess

#: Fixtures that listen on a port, start a process or prepare a database.
SERVERS = frozenset(
    {
        "start", "upstream", "comments", "provider", "start_gateway", "gateway", "helpdesk", "start_service",
        "postgres_server", "kafka_server",
    }
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVERS & set(getattr(item, "fixturenames", ())):
            item.add_marker("integration")


SEED = "SEED"


def seed_of(*parts: str) -> int:
    """Of one test: that of the run, and another one for each test."""
    return zlib.crc32("\n".join([os.environ[SEED], *parts]).encode())


@contextmanager
def seed_told() -> Iterator[None]:
    """A failure says how to see it again."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"with {SEED}={os.environ[SEED]}")
        raise


def pytest_configure() -> None:
    """Workers are started with it."""
    given = os.environ.setdefault(SEED, str(secrets.randbelow(2**32)))
    if not given.isdecimal():
        raise pytest.UsageError(f"{SEED} must be a number, not {given!r}")


def pytest_report_header() -> str:
    return f"seed of random requests: {os.environ[SEED]} ({SEED}={os.environ[SEED]} makes the same ones again)"


ServiceFactory = Callable[..., ServiceProcess]
TemplateOf = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """Shared by the run; a test that stops or kills its server makes one of its own."""
    home = tmp_path_factory.mktemp("postgres")
    server = EmbeddedPostgres(home, free_port(), durable=False, max_connections=300)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """Shared by the run: use topics and groups of your own where tests must not see each other."""
    server = EmbeddedKafka(free_port(), log_file=tmp_path_factory.mktemp("kafka") / "kafka.log")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def template_of(postgres_server: EmbeddedPostgres) -> TemplateOf:
    """`await template_of("tickets")`: the migrated database of a service, made when it is first asked for."""
    made: dict[str, ServiceDatabase] = {}

    async def template(service: str) -> ServiceDatabase:
        if service not in made:
            made[service] = await make_template(service, postgres_server.admin_url)
        return made[service]

    return template


@pytest.fixture(scope="session")
async def tickets_template(template_of: TemplateOf) -> ServiceDatabase:
    return await template_of("tickets")


@pytest.fixture(scope="session")
async def comments_template(template_of: TemplateOf) -> ServiceDatabase:
    return await template_of("comments")


@pytest.fixture(scope="session")
async def sla_template(template_of: TemplateOf) -> ServiceDatabase:
    return await template_of("sla-monitor")


@pytest.fixture(scope="session")
async def templates(template_of: TemplateOf) -> dict[str, ServiceDatabase]:
    """Of every service with a database, by its name."""
    return {service.name: await template_of(service.name) for service in BACKENDS}


@pytest.fixture
async def tickets_database(tickets_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
    """A migrated, empty database of the tickets service."""
    database = await clone("tickets", tickets_template)
    yield database
    await drop(database)


@pytest.fixture(scope="session")
def issuer() -> Iterator[TestIssuer]:
    with TestIssuer() as started:
        yield started


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[ServiceFactory]:
    """Start service processes that end with the test: `start_service("tickets", env)`."""
    started: list[ServiceProcess] = []

    def start(
        service: str,
        env: dict[str, str],
        *,
        name: str | None = None,
        fresh: bool = False,
        program: str | None = None,
    ) -> ServiceProcess:
        label = name or f"{service}-{len(started)}"
        started.append(ServiceProcess(service, env, tmp_path, name=label, fresh=fresh, program=program).start())
        return started[-1]

    yield start
    for process in started:
        process.sigkill()
