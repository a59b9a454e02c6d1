"""The baseline as two child processes on the stack's own database server."""

from __future__ import annotations

import signal
import sys
from types import TracebackType
from typing import Self

import psutil
from opsdash_local.child import http_status
from opsdash_local.processes import ask_to_stop, spawn, wait_or_kill, wait_until
from opsdash_local.services import COMMENTS, TICKETS

from benchmarks.bench_stack import BenchStack


class Bare:
    """`benchmarks.baseline.gateway` in front of `benchmarks.baseline.owner`."""

    def __init__(self, stack: BenchStack) -> None:
        self._stack = stack
        self.port = stack.port + 5
        self._commands = {
            "bare gateway": ["gateway", "--port", str(self.port), "--owner", f"http://127.0.0.1:{self.port + 1}"],
            "bare owner": [
                "owner", "--port", str(self.port + 1),
                "--tickets", stack.database_url(TICKETS), "--comments", stack.database_url(COMMENTS),
            ],
        }  # fmt: skip

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._children = {
            name: spawn(
                [sys.executable, "-m", f"benchmarks.baseline.{command[0]}", *command[1:]],
                log_file=self._stack.settings.logs / f"{name.replace(' ', '-')}.log",
            )
            for name, command in self._commands.items()
        }
        if not wait_until(lambda: http_status(self.port, "/tickets") == b"200", timeout=20):
            raise SystemExit("the baseline did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for child in self._children.values():
            ask_to_stop(child, signal.SIGTERM)
            wait_or_kill(child, timeout=10)

    def processes(self) -> dict[str, list[psutil.Process]]:
        servers = {name: found for name, found in self._stack.processes().items() if name == "postgresql"}
        return servers | {name: [psutil.Process(child.pid)] for name, child in self._children.items()}
