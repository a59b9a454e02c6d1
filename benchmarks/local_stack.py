"""What the local stack costs and how fast it tells the world: one run on one machine, as a Markdown table.

Starts a stack of its own on other ports and a temporary folder, measures, stops it. Figures of two machines, or of one
machine on two days, do not compare; ratios within one run do.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from aiokafka import AIOKafkaConsumer
from opsdash_contracts.topics import TICKETS

ROOT = Path(__file__).parents[1]
READY = "Watch the events"
SETTLE_SECONDS = 5.0
IDLE_SECONDS = 15.0


class Stack:
    """`opsdash run` as a child; `start` returns the seconds until it said that it is ready."""

    def __init__(self, port: int, data: Path) -> None:
        self.port, self._data = port, data
        self._process: subprocess.Popen[str] | None = None
        self.output = ""

    def start(self) -> float:
        environment = os.environ | {"PORT": str(self.port), "DATA": str(self._data), "PYTHONUNBUFFERED": "1"}
        command = [str(Path(sys.executable).with_name("opsdash")), "run"]
        started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        self.output = ""
        for line in self._process.stdout:
            self.output += line
            if READY in line:
                return time.monotonic() - started
        raise SystemExit(f"the stack did not start:\n{self.output}")

    def processes(self) -> list[psutil.Process]:
        assert self._process is not None  # noqa: S101 - only after start
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self) -> float:
        assert self._process is not None  # noqa: S101 - only after start
        started = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)
        return time.monotonic() - started


def idle_cost(stack: Stack) -> tuple[float, float, float]:
    """Resident MiB summed, proportional MiB summed, per cent of a core while nobody asks for anything."""
    time.sleep(SETTLE_SECONDS)
    before = processor_seconds(stack.processes())
    time.sleep(IDLE_SECONDS)
    processes = stack.processes()
    after = processor_seconds(processes)
    used = sum(seconds - before.get(pid, seconds) for pid, seconds in after.items())
    memory = [process.memory_full_info() for process in processes if process.pid in after]
    return sum(m.rss for m in memory) / 2**20, sum(m.pss for m in memory) / 2**20, used / IDLE_SECONDS * 100


def processor_seconds(processes: list[psutil.Process]) -> dict[int, float]:
    """By process; one that ends meanwhile is left out."""
    spent = {}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            spent[process.pid] = float(sum(process.cpu_times()[:2]))
    return spent


async def event_lag(stack: Stack, writes: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds: create answered, created → event read by an outside consumer, list of 25 answered."""
    token = re.search(r"Bearer ([\w.-]+)", stack.output)
    if token is None:
        raise SystemExit("the stack printed no token")
    url = f"http://127.0.0.1:{stack.port}/api/orgs/brightside/tickets"
    consumer = AIOKafkaConsumer(TICKETS, bootstrap_servers=f"127.0.0.1:{stack.port + 10}", auto_offset_reset="earliest")
    await consumer.start()
    loop = asyncio.get_running_loop()
    seen: defaultdict[str, asyncio.Future[float]] = defaultdict(loop.create_future)
    watching = asyncio.create_task(_watch(consumer, seen))
    headers = {"Authorization": f"Bearer {token[1]}"}
    creates, lags, lists = [], [], []
    async with aiohttp.ClientSession(headers=headers) as session:
        for index in range(writes):
            started = time.perf_counter()
            async with session.post(url, json={"title": f"Measured {index}"}) as response:
                ticket: dict[str, Any] = await response.json()
            answered = time.perf_counter()
            creates.append(answered - started)
            lags.append(max(0.0, await seen[ticket["id"]] - answered))
            started = time.perf_counter()
            async with session.get(url) as response:
                await response.read()
            lists.append(time.perf_counter() - started)
    watching.cancel()
    await consumer.stop()
    return creates, lags, lists


async def _watch(consumer: AIOKafkaConsumer, seen: defaultdict[str, asyncio.Future[float]]) -> None:
    async for record in consumer:
        if not seen[record.key.decode()].done():
            seen[record.key.decode()].set_result(time.perf_counter())


def row(name: str, values: list[float]) -> str:
    ordered = sorted(value * 1000 for value in values)
    return (
        f"| {name} | {statistics.median(ordered):.1f} ms | {ordered[int(len(ordered) * 0.95)]:.1f} ms"
        f" | {ordered[int(len(ordered) * 0.99)]:.1f} ms |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9600)
    parser.add_argument("--writes", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="opsdash-bench-") as folder:
        stack = Stack(options.port, Path(folder) / "data")
        first = stack.start()
        stack.stop()
        warm = stack.start()
        resident, proportional, cpu = idle_cost(stack)
        creates, lags, lists = asyncio.run(event_lag(stack, options.writes))
        stopped = stack.stop()
    cores = psutil.cpu_count()
    print(json.dumps({"cores": cores, "writes": options.writes}))
    lines = [
        "| what | value |", "|---|---|",
        f"| start with an empty data folder, demo loaded | {first:.1f} s |",
        f"| warm start, data kept, replayed | {warm:.1f} s |",
        f"| stop | {stopped:.1f} s |",
        f"| idle memory, resident summed (shared pages counted each time) | {resident:.0f} MiB |",
        f"| idle memory, proportional | {proportional:.0f} MiB |",
        f"| idle processor | {cpu:.1f} % of a core |",
        "", "| through the gateway, one client | p50 | p95 | p99 |", "|---|---|---|---|",
        row("create a ticket", creates), row("list 25 tickets", lists),
        row("create answered → event read by an outside consumer", lags),
    ]  # fmt: skip
    print("\n".join(lines))


if __name__ == "__main__":
    main()
