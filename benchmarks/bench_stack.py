"""The local stack as the bench runs it: the same servers and settings, but for request limits and its own person."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
import asyncpg
import psutil
from opsdash_chassis.database.provision import Passwords, provision
from opsdash_local.apache.node import ApacheKafka, Place
from opsdash_local.broker import BrokerProcess
from opsdash_local.child import OK, ServiceChild, http_status
from opsdash_local.environment import Environments
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.processes import ask_to_stop, wait_or_kill, wait_until
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS, COMMENTS, GATEWAY, SERVICES, TICKETS, ServiceSpec
from opsdash_local.settings import APACHE, EMBEDDED, Ports, StackSettings

from benchmarks.workspace import USER

START_SECONDS = 60.0
STATEMENT_SECONDS = 300.0
#: Tells `runner` which service it is to be.
MODULE_VARIABLE = "BENCH_MODULE"
_ENDLESS = "1000000"
#: One person sends everything here; the limits that would stop them are the only settings that differ.
_UNLIMITED = {
    GATEWAY: {
        "OPSDASH_USER_REQUESTS_PER_SECOND": _ENDLESS,
        "OPSDASH_USER_REQUEST_BURST": _ENDLESS,
        "OPSDASH_USER_REQUESTS_AT_ONCE": _ENDLESS,
        "OPSDASH_LIVE_STREAMS_PER_USER": _ENDLESS,
    },
    TICKETS: {"OPSDASH_ORG_REQUESTS_PER_SECOND": _ENDLESS, "OPSDASH_ORG_REQUEST_BURST": _ENDLESS},
    COMMENTS: {"OPSDASH_ORG_REQUESTS_PER_SECOND": _ENDLESS, "OPSDASH_ORG_REQUEST_BURST": _ENDLESS},
}


@dataclass
class BenchStack:
    """Servers and services on ports from `port`, data kept. Without `durable` a crash may cost the data."""

    port: int
    data: Path
    kafka: str = EMBEDDED
    durable: bool = True
    #: A module that starts the services in place of their own.
    runner: str | None = None
    start_seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.settings = StackSettings(self.data.absolute(), Ports(self.port), kafka=self.kafka)
        self.settings.logs.mkdir(exist_ok=True)
        self.postgres = EmbeddedPostgres(
            self.data / "postgres",
            self.settings.ports.postgres,
            log_file=self.settings.logs / "postgres.log",
            durable=self.durable,
        )
        self.broker = self._broker()
        self.children: dict[str, ServiceChild] = {}

    @property
    def url(self) -> str:
        return self.settings.gateway_url

    def database_url(self, service: ServiceSpec) -> str:
        """As the server's administrator: no row-level security."""
        return f"{self.postgres.admin_url.rpartition('/')[0]}/{service.role_prefix}"

    async def fetch(self, service: ServiceSpec, statement: str, *values: object) -> list[asyncpg.Record]:
        """As the server's administrator."""
        connection = await asyncpg.connect(self.database_url(service))
        try:
            return await connection.fetch(statement, *values, timeout=STATEMENT_SECONDS)
        finally:
            await connection.close()

    async def execute(self, service: ServiceSpec, statement: str, *values: object) -> None:
        await self.fetch(service, statement, *values)

    def __enter__(self) -> Self:
        self.postgres.start()
        self.broker.start()
        self.environments = Environments(
            self.settings, SecretStore(self.data / "secrets.json"), self.postgres.admin_url
        )
        asyncio.run(self._provision())
        _run("opsdash_chassis.kafka.topics", "--partitions", "3", env=self.environments.for_topics())
        for service in BACKENDS:
            _run(service.module, "migrate", env=self.environments.for_migration(service))
        person = {"user_id": str(USER), "name": "Bench", "email": "bench@opsdash.example", "memberships": []}
        self.environments.people_file.write_text(json.dumps([person]), encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_services()
        self.broker.stop()
        self.postgres.stop()

    def start_services(self, *chosen: ServiceSpec) -> None:
        """All, or those chosen: one after the other, each timed from its start until it answers."""
        for service in chosen or SERVICES:
            env = self.environments.of(service) | _UNLIMITED.get(service, {})
            log_file = self.settings.logs / f"{service.name}.log"
            env |= {} if self.runner is None else {MODULE_VARIABLE: service.program}
            child = ServiceChild(self.runner or service.program, env, operations_port(env), log_file)
            self.children[service.name] = child
            started = time.monotonic()
            child.launch()
            if not wait_until(_answers(operations_port(env)), timeout=START_SECONDS):
                raise SystemExit(f"{service.name} did not start, see {log_file}")
            self.start_seconds[service.name] = round(time.monotonic() - started, 2)
        for child in self.children.values():
            wait_until(child.is_ready, timeout=START_SECONDS)

    def stop_services(self) -> None:
        running = [(child, child.process) for child in self.children.values() if child.process is not None]
        for child, process in running:
            ask_to_stop(process, child.stop_signal)
        for child, process in running:
            wait_or_kill(process, timeout=child.stop_timeout)
        self.children.clear()

    def processes(self) -> dict[str, list[psutil.Process]]:
        """By name; those of a server are one entry."""
        found = {name: [psutil.Process(child.process.pid)] for name, child in self.children.items() if child.process}
        found["postgresql"] = _family(self.postgres.pid)
        found["kafka"] = _family(self.broker.pid)
        return found

    async def token(self) -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/dev/token", json={"user_id": str(USER)}) as response,
        ):
            body: dict[str, str] = await response.json()
        return body["access_token"]

    def job(self, service: ServiceSpec, *arguments: str) -> None:
        """A command of a service, with its settings."""
        _run(service.module, *arguments, env=self.environments.of(service))

    def metrics_url(self, service: ServiceSpec) -> str:
        return f"http://127.0.0.1:{operations_port(self.environments.of(service))}/metrics"

    def _broker(self) -> BrokerProcess:
        ports, log_file = self.settings.ports, self.settings.logs / "kafka.log"
        if self.kafka == APACHE:
            return ApacheKafka(Place(1, ports.kafka, ports.kafka_controller), self.data / "kafka", log_file=log_file)
        return EmbeddedKafka(ports.kafka, log_file=log_file)

    async def _provision(self) -> None:
        for service in BACKENDS:
            await provision(self.postgres.admin_url, service.name, Passwords(**self.environments.passwords(service)))


def operations_port(env: Mapping[str, str]) -> int:
    """Where a service with that environment answers /livez and /metrics."""
    return int(env.get("OPSDASH_OPERATIONS_PORT", env["OPSDASH_HTTP_PORT"]))


def _answers(port: int) -> Callable[[], bool]:
    return lambda: http_status(port, "/livez") == OK


def _run(module: str, *arguments: str, env: Mapping[str, str]) -> None:
    subprocess.run([sys.executable, "-m", module, *arguments], env=env, check=True, capture_output=True)  # noqa: S603


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]
