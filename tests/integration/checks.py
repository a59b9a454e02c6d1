"""Checks from outside: rows, metrics and commands, and what was delivered compared with what was written.

A write is acknowledged once a 2xx came. Verdicts compare the ledger, the service's database and what a witness read.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import time
import urllib.request
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
from opsdash_contracts.topics import WORKSPACE, dead_letter_topic
from opsdash_local.environment import inherited

from tests.support.brokers import Record, Witness
from tests.support.service_process import ServiceProcess, run
from tests.support.stack import Client, Stack

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


WRITERS = 4
PAUSE_SECONDS = 0.02
UNANSWERED = (aiohttp.ClientError, TimeoutError, OSError)


@dataclass
class Ledger:
    """`acknowledged` are versions of tickets; what was `intended` and not answered may or may not be there."""

    intended: int = 0
    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    stopped: bool = False

    async def work(self, client: Client, slug: str, number: int) -> None:
        """Create a ticket now and then, and change one of one's own the rest of the time."""
        chance, own = random.Random(number), list[str]()  # noqa: S311 - variety, not secrecy
        while not self.stopped:
            self.intended += 1
            try:
                if not own or chance.random() < 0.1:
                    answer = await client.call("POST", f"/orgs/{slug}/tickets", {"title": f"by {number}"})
                else:
                    path = f"/orgs/{slug}/tickets/{chance.choice(own)}"
                    answer = await client.call("PATCH", path, {"title": f"{uuid4()}"})
                assert answer.status in {200, 201, 503}, answer.body
            except UNANSWERED:
                continue
            finally:
                await asyncio.sleep(PAUSE_SECONDS)
            if answer.status != 503:
                own += [answer.body["id"]] if answer.status == 201 else []
                self.acknowledged.add((answer.body["id"], answer.body["version"]))


@asynccontextmanager
async def writing(stack: Stack, service: ServiceProcess) -> AsyncIterator[Ledger]:
    """Writers at work for as long as the block lasts."""
    ledger, ours = Ledger(), stack.workspace.ours
    client = stack.client(service, ours.admin)
    tasks = [asyncio.create_task(ledger.work(client, ours.slug, number)) for number in range(WRITERS)]
    try:
        yield ledger
    finally:
        ledger.stopped = True
        await asyncio.gather(*tasks)


async def check(stack: Stack, ledger: Ledger, witness: Witness, *, timeout: float = 60.0) -> list[Record]:
    """0 acknowledged writes lost, 0 events invented or missing, 0 first deliveries out of order, 0 gaps."""
    await outbox_empty(stack, timeout=timeout)
    stored = await stored_versions(stack)
    await witness.wait_until(lambda records: versions(records) >= stored, timeout=timeout)
    records = await witness.settle(quiet_seconds=1)
    assert len(ledger.acknowledged) > 100, "too little was written to say anything"
    assert ledger.acknowledged - stored == set(), "acknowledged and not stored"
    assert versions(records) == stored, "the topic and the history differ"
    assert_first_deliveries_in_order(records)
    assert_repeats_are_identical(records)
    return records


def assert_first_deliveries_in_order(records: list[Record]) -> None:
    """Each ticket's versions appear as 1, 2, 3 … without a gap; repeats may come later."""
    seen: dict[str, int] = defaultdict(int)
    for record in records:
        ticket, version = record.header("ce_subject") or "", int(record.header("ce_sequence") or 0)
        assert version <= seen[ticket] + 1, f"{ticket}: version {version} came after {seen[ticket]}"
        seen[ticket] = max(seen[ticket], version)


def assert_repeats_are_identical(records: list[Record]) -> int:
    """Every publication of one event is the same bytes, but for the mark of a replay; the number of repeats."""
    by_version = defaultdict(list)
    for record in records:
        by_version[record.header("ce_subject"), record.header("ce_sequence")].append(record)
    for same in by_version.values():
        assert len({(record.key, record.value, original_headers(record)) for record in same}) == 1
    return len(records) - len(by_version)


def original_headers(record: Record) -> tuple[tuple[str, bytes], ...]:
    return tuple(pair for pair in record.headers if pair[0] != "ce_replayed")


async def try_to_create(stack: Stack, service: ServiceProcess, title: str) -> str | None:
    """The new ticket's id; None when no answer came, so that its fate is unknown."""
    client = stack.client(service, stack.workspace.ours.admin)
    try:
        return str((await client.create_ticket(stack.workspace.ours.slug, title))["id"])
    except (aiohttp.ClientError, OSError):
        return None


async def assert_published_as_stored(stack: Stack, records: list[Record]) -> None:
    rows = await query(stack, "SELECT event_id::text, aggregate_id, headers::text, data::text FROM history")
    stored = {row["event_id"]: (json.loads(row["headers"]), row["data"]) for row in rows}
    for record in records:
        headers, data = stored[record.header("ce_id") or ""]
        assert dict(original_headers(record)) == {name: value.encode() for name, value in headers.items()}
        assert record.value == data.encode()
