"""What open live streams cost one gateway, and how soon a change of a ticket reaches all of them."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from urllib.parse import urlsplit

import aiohttp
import psutil
import uvloop
from opsdash_local.services import GATEWAY

from benchmarks.bench_stack import BenchStack
from benchmarks.figures import Latency
from benchmarks.findings import Findings, Table
from benchmarks.listener import Listener
from benchmarks.options import Options
from benchmarks.seeding import SMALL, filled
from benchmarks.workspace import LARGE

AT_ONCE = 50
ROUNDS = 40
CHANGES_PER_SECOND = 4
#: By then every stream has been looked at by its owner once and has had its first keepalive.
SETTLE_SECONDS = 20.0
GIVE_UP_SECONDS = 20.0


def run(options: Options) -> Findings:
    allow_files(options.streams + 500)
    with filled(options.port, options.data / "small", SMALL, options.kafka) as stack:
        stack.start_services()
        base, grown, answered, arrived = uvloop.run(_fan_out(stack, options.streams))
    note = (
        f"{options.streams:,} streams of one org on one gateway; {ROUNDS} changes of a ticket, {CHANGES_PER_SECOND} a"
        " second, each followed until the last stream was told. Latency counts from the sending of the PATCH."
    )
    seconds = {
        "PATCH sent → answered": answered,
        "PATCH sent → first stream told": [min(times) for times in arrived],
        "PATCH sent → a stream told": [at for times in arrived for at in times],
        "PATCH sent → last stream told": [max(times) for times in arrived],
    }
    rows = [(what, *Latency.of(found).with_worst()) for what, found in seconds.items()]
    memory = [("gateway before", round(base, 1)), (f"with {options.streams:,} streams", round(base + grown, 1))]
    each = [("KiB each", round(grown * 1024 / options.streams, 1))]
    return Findings(
        [
            Table("Fan-out", ("what", "p50 ms", "p95 ms", "p99 ms", "worst ms"), rows, note),
            Table("Memory of the gateway", ("what", "resident MiB"), [*memory, *each]),
        ]
    )


async def _fan_out(stack: BenchStack, streams: int) -> tuple[float, float, list[float], list[list[float]]]:
    """MiB before, MiB more, seconds until each PATCH was answered and until each stream was told of it."""
    headers = {"Authorization": f"Bearer {await stack.token()}"}
    gateway = psutil.Process(stack.processes()[GATEWAY.name][0].pid)
    async with contextlib.AsyncExitStack() as opened:
        await opened.enter_async_context(_stream(stack, headers))
        base = gateway.memory_info().rss / 2**20
        listeners: list[Listener] = []
        for start in range(0, streams, AT_ONCE):
            wave = [_stream(stack, headers) for _ in range(min(AT_ONCE, streams - start))]
            listeners += await asyncio.gather(*map(opened.enter_async_context, wave))
        await asyncio.sleep(SETTLE_SECONDS)
        grown = gateway.memory_info().rss / 2**20 - base
        answered, arrived = await _changes(stack, headers, listeners)
    return base, grown, answered, arrived


def _stream(stack: BenchStack, headers: dict[str, str]) -> Listener:
    return Listener(urlsplit(stack.url), f"/api/orgs/{LARGE.slug}/events", headers)


async def _changes(
    stack: BenchStack, headers: dict[str, str], listeners: list[Listener]
) -> tuple[list[float], list[list[float]]]:
    answered, arrived = [], []
    url = f"{stack.url}/api/orgs/{LARGE.slug}/tickets/1"
    async with aiohttp.ClientSession(headers=headers) as session:
        for turn in range(1, ROUNDS + 1):
            sent = time.perf_counter()
            # A title of its own each time, else nothing would have changed and nobody would be told.
            async with session.patch(url, json={"title": f"Changed at {sent}"}) as answer:
                answer.raise_for_status()
            answered.append(time.perf_counter() - sent)
            async with asyncio.timeout(GIVE_UP_SECONDS):
                await asyncio.gather(*(listener.told(turn) for listener in listeners))
            arrived.append([listener.times[turn - 1] - sent for listener in listeners])
            await asyncio.sleep(max(0.0, sent + 1 / CHANGES_PER_SECOND - time.perf_counter()))
    return answered, arrived


def allow_files(count: int) -> None:
    """Each end of a stream is an open file; the gateway inherits the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count)), hard))
