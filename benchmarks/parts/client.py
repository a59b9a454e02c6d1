"""What a call to an owner costs the gateway: its client against a server that does nothing else."""

from __future__ import annotations

import asyncio
import signal
import sys
import time

import uvloop
from opsdash_gateway.upstream.client import UpstreamClient, open_session
from opsdash_local.processes import ask_to_stop, spawn, wait_or_kill

from benchmarks.findings import Findings, Table, Target
from benchmarks.options import Options

CALLS, AT_ONCE, WARM_UP = 4_000, 8, 100
MOST_MS = 0.15
PATH = "/orgs/bench/tickets/1"
HEADERS = {"authorization": "Bearer of a person"}


def run(options: Options) -> Findings:
    options.data.mkdir(parents=True, exist_ok=True)
    log_file = options.data / "minimal-server.log"
    server = spawn([sys.executable, "-m", "benchmarks.minimal_server", str(options.port)], log_file=log_file)
    try:
        least = min(uvloop.run(_ms_of_a_call(f"http://127.0.0.1:{options.port}")) for _ in range(options.rounds))
    finally:
        ask_to_stop(server, signal.SIGTERM)
        wait_or_kill(server, timeout=10)
    note = f"Processor time of the calling process, {AT_ONCE} calls at once, a body of 2 KB, the least of the rounds."
    table = Table(
        "A call of the gateway's client", ("client", "CPU-ms"), [("aiohttp, as we use it", round(least, 3))], note
    )
    return Findings([table], [Target.at_most("a call to an owner, CPU-ms", MOST_MS, round(least, 3))])


async def _ms_of_a_call(url: str) -> float:
    session = open_session()
    client = UpstreamClient("tickets", session, url)

    async def calls(count: int) -> None:
        for _ in range(count):
            await client.forward("GET", PATH, headers=HEADERS)

    try:
        await _reachable(client)
        await calls(WARM_UP)
        began = time.process_time()
        await asyncio.gather(*(calls(CALLS // AT_ONCE) for _ in range(AT_ONCE)))
        return (time.process_time() - began) / CALLS * 1000
    finally:
        await session.close()


async def _reachable(client: UpstreamClient) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await client.forward("GET", PATH, headers=HEADERS)
            except Exception:  # noqa: BLE001 - it has not started yet
                await asyncio.sleep(0.1)
            else:
                return
