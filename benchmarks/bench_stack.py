"""The local stack as the bench runs it: the same servers and settings, but for request limits and its own person."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
import psutil
from opsdash_chassis.provision import Passwords, provision
from opsdash_local.child import ServiceChild, http_status
from opsdash_local.environment import Environments
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.processes import ask_to_stop, wait_or_kill, wait_until
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS, COMMENTS, GATEWAY, SERVICES, TICKETS, ServiceSpec
from opsdash_local.settings import Ports, StackSettings

from benchmarks.workspace import USER

START_SECONDS = 60.0
_ENDLESS = "1000000"
#: One person sends everything here; the limits that would stop them are the only settings that differ.
_UNLIMITED = {
    GATEWAY: {"OPSDASH_USER_REQUESTS_PER_SECOND": _ENDLESS, "OPSDASH_USER_REQUEST_BURST": _ENDLESS},
    TICKETS: {"OPSDASH_ORG_REQUESTS_PER_SECOND": _ENDLESS, "OPSDASH_ORG_REQUEST_BURST": _ENDLESS},
    COMMENTS: {"OPSDASH_ORG_REQUESTS_PER_SECOND": _ENDLESS, "OPSDASH_ORG_REQUEST_BURST": _ENDLESS},
}


@dataclass
class BenchStack:
    """Servers and services on ports from `port`, data kept; `kafka_servers` replaces the embedded broker."""

    port: int
    data: Path
    kafka_servers: str | None = None
    start_seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.settings = StackSettings(self.data.absolute(), Ports(self.port), kafka_servers=self.kafka_servers)
        self.settings.logs.mkdir(exist_ok=True)
        self.postgres = EmbeddedPostgres(
            self.data / "postgres", self.settings.ports.postgres, log_file=self.settings.logs / "postgres.log"
        )
        self.kafka = EmbeddedKafka(self.settings.ports.kafka, log_file=self.settings.logs / "kafka.log")
        self.children: dict[str, ServiceChild] = {}

    @property
    def url(self) -> str:
        return self.settings.gateway_url

    def database_url(self, service: ServiceSpec) -> str:
        """As the server's administrator: no row-level security."""
        return f"{self.postgres.admin_url.rpartition('/')[0]}/{service.role_prefix}"

    def __enter__(self) -> Self:
        self.postgres.start()
        if self.kafka_servers is None:
            self.kafka.start()
        self.environments = Environments(
            self.settings, SecretStore(self.data / "secrets.json"), self.postgres.admin_url
        )
        asyncio.run(self._provision())
        self._job("opsdash_chassis.topics", "--partitions", "3", env=self.environments.for_topics())
        for service in BACKENDS:
            self._job(service.module, "migrate", env=self.environments.for_migration(service))
        person = {"user_id": str(USER), "name": "Bench", "email": "bench@opsdash.example", "memberships": []}
        self.environments.people_file.write_text(json.dumps([person]), encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.children.values():
            if child.process is not None:
                ask_to_stop(child.process, child.stop_signal)
        for child in self.children.values():
            if child.process is not None:
                wait_or_kill(child.process, timeout=child.stop_timeout)
        self.kafka.stop()
        self.postgres.stop()

    def start_services(self) -> None:
        """One after the other, each timed from its start until it answers."""
        for service in SERVICES:
            env = self.environments.of(service) | _UNLIMITED.get(service, {})
            port = int(env.get("OPSDASH_OPERATIONS_PORT", env["OPSDASH_HTTP_PORT"]))
            log_file = self.settings.logs / f"{service.name}.log"
            child = self.children[service.name] = ServiceChild(service.module, env, port, log_file)
            started = time.monotonic()
            child.launch()
            if not wait_until(lambda port=port: http_status(port, "/livez") == b"200", timeout=START_SECONDS):
                raise SystemExit(f"{service.name} did not start, see {log_file}")
            self.start_seconds[service.name] = round(time.monotonic() - started, 2)
        for child in self.children.values():
            wait_until(child.is_ready, timeout=START_SECONDS)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """By name; those of a server are one entry."""
        found = {name: [psutil.Process(child.process.pid)] for name, child in self.children.items() if child.process}
        found["postgresql"] = _family(self.postgres.pid)
        if self.kafka_servers is None:
            found["kafka"] = _family(self.kafka.pid)
        return found

    async def token(self) -> str:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/dev/token", json={"user_id": str(USER)}) as response,
        ):
            body: dict[str, str] = await response.json()
        return body["access_token"]

    async def _provision(self) -> None:
        for service in BACKENDS:
            await provision(self.postgres.admin_url, service.name, Passwords(**self.environments.passwords(service)))

    @staticmethod
    def _job(module: str, *arguments: str, env: dict[str, str]) -> None:
        subprocess.run([sys.executable, "-m", module, *arguments], env=env, check=True, capture_output=True)  # noqa: S603


def _family(pid: int) -> list[psutil.Process]:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def quiet_environment() -> dict[str, str]:
    """For helpers of the bench itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPSDASH_")}
