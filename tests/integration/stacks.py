"""A whole stack as a context manager, and a way to let slow scenarios wait side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from opsdash_chassis.kafka.topics import create_topics
from opsdash_chassis.settings import load_settings
from opsdash_tickets.settings import TicketsSettings

from tests.support.brokers import PARTITIONS, Broker, new_broker
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.issuer import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack
from tests.support.workspace import seed


@asynccontextmanager
async def open_stack(
    template: ServiceDatabase,
    issuer: TestIssuer,
    folders: pytest.TempPathFactory,
    *,
    broker: Callable[[Path], Broker] = new_broker,
) -> AsyncIterator[Stack]:
    """Servers ready, directory seeded, no service started yet; everything ends with the block."""
    folder = folders.mktemp("stack")
    kafka = broker(folder)
    await asyncio.to_thread(kafka.start)
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
        started.append(ServiceProcess(service, env, folder, name=label, fresh=fresh, program=program).start())
        return started[-1]

    database = await clone("tickets", template)
    try:
        await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS, replication=kafka.replication)
        stack = Stack(database, kafka, issuer, start)
        await seed(database.worker_url, stack.workspace)
        yield stack
    finally:
        for process in started:
            process.sigkill()
        kafka.kill()
        await drop(database)


@asynccontextmanager
async def running(stack: Stack, **overrides: str) -> AsyncIterator[ServiceProcess]:
    """A ready tickets service that is gone when the block ends, however it ends."""
    service = await stack.tickets(**overrides)
    try:
        yield service
    finally:
        service.sigkill()


def settings_of(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> TicketsSettings:
    """What the tickets service of that stack would run with, for parts of it inside the test's own process."""
    for name, value in stack.tickets_environment.items():
        monkeypatch.setenv(name, value)
    return load_settings(TicketsSettings, stack.tickets_environment)


class SideBySide:
    """Scenarios that mostly wait for time-outs run together; each test awaits the outcome of its own."""

    def __init__(self, **scenarios: Coroutine[Any, Any, None]) -> None:
        self._tasks = {name: asyncio.create_task(scenario) for name, scenario in scenarios.items()}

    async def outcome(self, name: str) -> None:
        await self._tasks[name]

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
