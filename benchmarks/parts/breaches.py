"""How late a breach is told: from the due time to the hands of a consumer of the breach event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import aiohttp
from opsdash_contracts.sla import BREACHED, SCHEDULED
from opsdash_contracts.topics import SLA as TOPIC

from benchmarks.arrivals import Arrivals
from benchmarks.bench_stack import BenchStack
from benchmarks.figures import Latency
from benchmarks.findings import Findings, Table, Target
from benchmarks.options import Options
from benchmarks.seeding import fresh
from benchmarks.workspace import WRITERS

SPREAD, SPREAD_SECONDS = 300, 15.0
AT_ONCE = 1000
#: Until the first of them is due, the monitor knows them all, unless the machine is busy: then nothing is reported.
AHEAD_SECONDS = 10.0
CREATES_PER_SECOND = 30
CONNECTIONS = 8
MOST_SECONDS = 15


def run(options: Options) -> Findings:
    with fresh(options.port, options.data / "breaches", options.kafka) as stack:
        stack.start_services()
        spread, at_once = asyncio.run(_spread_and_at_once(stack))
    found = [(f"{SPREAD} due one after the other in {SPREAD_SECONDS:g} s", spread),
             (f"{AT_ONCE:,} due in the same instant", at_once)]  # fmt: skip
    rows = [(name, *latency.with_worst()) for name, latency in found]
    note = "All services running, the monitor's own timer; from the due time to a consumer of the breach event outside."
    p99 = round(spread.p99 / 1000, 2)
    return Findings(
        [Table("Due → breach readable", ("tickets", "p50 ms", "p95 ms", "p99 ms", "worst ms"), rows, note)],
        [Target.at_most(f"breach told after its due time, p99, {options.kafka} broker", MOST_SECONDS, p99, " s")],
    )


async def _spread_and_at_once(stack: BenchStack) -> tuple[Latency, Latency]:
    async with Arrivals(stack.settings.bootstrap_servers, TOPIC) as arrivals:
        start = _after(SPREAD)
        spread = [start + timedelta(seconds=index * SPREAD_SECONDS / SPREAD) for index in range(SPREAD)]
        first = await _lateness(stack, arrivals, spread)
        second = await _lateness(stack, arrivals, [_after(AT_ONCE)] * AT_ONCE)
    return first, second


def _after(creates: int) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=creates / CREATES_PER_SECOND + AHEAD_SECONDS)


async def _lateness(stack: BenchStack, arrivals: Arrivals, due: Sequence[datetime]) -> Latency:
    known = arrivals.ids(BREACHED)
    scheduled = len(arrivals.ids(SCHEDULED)) + len(due)
    await _create(stack, due)
    await arrivals.wait_for(SCHEDULED, scheduled)
    if datetime.now(UTC) >= min(due):
        raise SystemExit("the monitor heard of the tickets too late to tell anything about its own lateness")
    await arrivals.wait_for(BREACHED, len(known) + len(due))
    return Latency.of(
        [
            arrivals.first_at[event_id]
            - datetime.fromisoformat(json.loads(arrivals.bodies[event_id])["due_at"]).timestamp()
            for event_id in arrivals.ids(BREACHED) - known
        ]
    )


async def _create(stack: BenchStack, due: Sequence[datetime]) -> None:
    headers = {"Authorization": f"Bearer {await stack.token()}"}
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def create(number: int, at: datetime) -> None:
            url = f"{stack.url}/api/orgs/{WRITERS[number % len(WRITERS)].slug}/tickets"
            async with session.post(url, json={"title": "Due soon", "sla_due_at": at.isoformat()}) as answer:
                answer.raise_for_status()

        await asyncio.gather(*(create(number, at) for number, at in enumerate(due)))
