"""What `make run` costs on this machine: its start, empty and again, its memory and processor time when idle."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from benchmarks.findings import Findings, Table
from benchmarks.options import Options
from benchmarks.processor import seconds_of

ROOT = Path(__file__).parents[2]
READY = "Watch the events"
SETTLE_SECONDS = 5.0
IDLE_SECONDS = 15.0


def run(options: Options) -> Findings:
    data = options.data / "local"
    shutil.rmtree(data, ignore_errors=True)
    stack = _Stack(options.port, data)
    first = stack.start()
    stack.stop()
    again = stack.start()
    resident, proportional, processor = _idle(stack)
    stopped = stack.stop()
    rows = [
        ("start with an empty data folder, demo loaded", f"{first:.1f} s"),
        ("start again, data kept, events replayed", f"{again:.1f} s"),
        ("stop", f"{stopped:.1f} s"),
        ("idle memory, resident, summed (shared pages counted each time)", f"{resident:.0f} MiB"),
        ("idle memory, proportional", f"{proportional:.0f} MiB"),
        ("idle processor", f"{processor:.1f} % of a core"),
    ]
    return Findings([Table("The whole stack, all its processes together", ("what", "value"), rows)])


class _Stack:
    """`opsdash run` as a child; `start` returns the seconds until it said that it is ready."""

    def __init__(self, port: int, data: Path) -> None:
        self._environment = os.environ | {"PORT": str(port), "DATA": str(data), "PYTHONUNBUFFERED": "1"}
        self._process: subprocess.Popen[str]

    def start(self) -> float:
        started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            [str(Path(sys.executable).with_name("opsdash")), "run"],
            env=self._environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        output = ""
        for line in self._process.stdout:
            output += line
            if READY in line:
                return time.monotonic() - started
        raise SystemExit(f"the stack did not start:\n{output}")

    def processes(self) -> list[psutil.Process]:
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self) -> float:
        started = time.monotonic()
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)
        return time.monotonic() - started


def _idle(stack: _Stack) -> tuple[float, float, float]:
    """Resident MiB summed, proportional MiB summed, per cent of a core while nobody asks for anything."""
    time.sleep(SETTLE_SECONDS)
    before = {process.pid: seconds_of(process) for process in stack.processes()}
    time.sleep(IDLE_SECONDS)
    processes = stack.processes()
    used = sum(seconds_of(process) - before.get(process.pid, 0.0) for process in processes)
    memory = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            memory.append(process.memory_full_info())
    return sum(m.rss for m in memory) / 2**20, sum(m.pss for m in memory) / 2**20, used / IDLE_SECONDS * 100
