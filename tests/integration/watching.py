"""What the tests look at from outside: rows, metrics, command lines; and waiting until it is so."""

from __future__ import annotations

import asyncio
import subprocess
import time
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
from opsdash_contracts.topics import WORKSPACE, dead_letter_topic
from opsdash_local.environment import inherited

from tests.support.forking import run
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack
from tests.support.witness import Record

DEAD_LETTERS = dead_letter_topic("tickets", WORKSPACE)
KILLED = -9


async def query(stack: Stack, statement: str, *values: object) -> list[asyncpg.Record]:
    """Rows of tickets, as the superuser sees them."""
    return await stack.database.fetch(statement, *values)


async def scalar(stack: Stack, statement: str, *values: object) -> Any:
    rows = await query(stack, statement, *values)
    return rows[0][0] if rows else None


async def eventually(
    holds: Callable[[], Awaitable[Any]], *, timeout: float = 90.0, service: ServiceProcess | None = None
) -> Any:
    """The first truthy answer; fails with the service's log when none comes in time."""
    deadline = time.monotonic() + timeout
    while not (answer := await holds()):
        assert time.monotonic() < deadline, f"not so within {timeout} s\n{service.logs() if service else ''}"
        await asyncio.sleep(0.05)
    return answer


async def outbox_empty(stack: Stack, *, timeout: float = 90.0) -> None:
    async def empty() -> bool:
        return bool(await scalar(stack, "SELECT count(*) FROM outbox") == 0)

    await eventually(empty, timeout=timeout)


async def metric(service: ServiceProcess, name: str, **labels: str) -> float:
    """The sum over all series of that name with these labels."""

    def read() -> str:
        with urllib.request.urlopen(f"{service.operations_url}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    lines = (await asyncio.to_thread(read)).splitlines()
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    series = [line for line in lines if line.startswith((f"{name} ", f"{name}{{")) and all(w in line for w in wanted)]
    return sum(float(line.rpartition(" ")[2]) for line in series)


async def command(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """One of the service's commands: exit code and output."""
    return await asyncio.to_thread(run, "opsdash_tickets", *arguments, env=inherited() | {**environment})


def versions(records: list[Record]) -> set[tuple[str, int]]:
    return {(record.header("ce_subject") or "", int(record.header("ce_sequence") or 0)) for record in records}


async def stored_versions(stack: Stack) -> set[tuple[str, int]]:
    rows = await query(stack, "SELECT aggregate_id, aggregate_version FROM history")
    return {(str(row["aggregate_id"]), row["aggregate_version"]) for row in rows}
