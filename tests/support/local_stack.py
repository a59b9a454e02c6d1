"""The local stack as `opsdash run` starts it: in surroundings of a test's choice, with its demo; ports, processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

from opsdash_local import processes
from opsdash_local.ports import DRAWN, LAST_OFFSET, claim, is_free
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.processes import last_lines, wait_until
from opsdash_local.settings import Ports


def free_block() -> int:
    """A first port whose whole block is free; apart from single drawn ports and from those the system hands out."""
    chance = SystemRandom()
    while True:
        first = chance.randrange(10_000, DRAWN.start - LAST_OFFSET)
        if all(is_free(first + offset) and claim(first + offset) for offset in range(LAST_OFFSET + 1)):
            return first


def gone(pid: int) -> bool:
    """Ended, whether or not its new parent has taken notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


READY = "Stop: Ctrl-C"
START_SECONDS = 110.0
#: What a developer or the `make` that runs the tests may have set for a stack of theirs.
OWN = {"DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "KAFKA", "DATA", "PORT", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"}


CHANGED_BY_TIME = {"sla_state", "sla_breached_at"}


class RunningStack:
    """On the folder `data` in `folder`, where its output lies too. `base` replaces the environment of the tests."""

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        command: Sequence[str] = (sys.executable, "-m", "opsdash_local.cli", "run"),
        base: Mapping[str, str] = os.environ,
        cwd: Path | None = None,
        umask: int = -1,
        **environ: str,
    ) -> None:
        self.port = port
        self.data = folder / "data"
        self.output = folder / f"output-{time.monotonic_ns()}.txt"
        inherited = {name: value for name, value in base.items() if name not in OWN}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**inherited, "PORT": str(port), "DATA": str(self.data), **environ},
                cwd=cwd,
                umask=umask,
                process_group=0,
            )

    def wait_ready(self, sign: str = READY, *, timeout: float = START_SECONDS) -> None:
        wait_until(lambda: sign in self.text() or self.process.poll() is not None, timeout=timeout)
        assert sign in self.text(), self.text() + self.logs()

    def text(self) -> str:
        """Letters of other encodings than UTF-8 are shown as question marks."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def logs(self) -> str:
        return "".join(f"\n{log.name}\n{last_lines(log)}" for log in (self.data / "logs").glob("*.log"))

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """As a terminal does: the whole group gets the signal."""
        os.killpg(self.process.pid, number)
        return self.process.wait(60)

    def refusal(self) -> str:
        """What it says when it does not start."""
        assert self.process.wait(START_SECONDS) == 1, self.text()
        return self.text()

    def tickets(self) -> list[dict[str, Any]]:
        """Through the very command the stack prints; without what passing time alone changes."""
        match = re.search(r"curl -s -H 'Authorization: (.+)' '(http.+)'", self.text())
        assert match, self.text()
        request = urllib.request.Request(match[2].replace("limit=3", "limit=100"), headers={"Authorization": match[1]})
        with urllib.request.urlopen(request, timeout=10) as answer:
            items = json.load(answer)["items"]
        return [{name: value for name, value in item.items() if name not in CHANGED_BY_TIME} for item in items]


def nothing_listens(port: int) -> bool:
    return all(is_free(port + offset) for offset in range(LAST_OFFSET + 1))


DEMO_START_SECONDS = 120.0


@dataclass(frozen=True)
class DemoStack:
    """Where it answers, and its database server."""

    url: str
    postgres_url: str


@contextmanager
def demo_stack() -> Iterator[DemoStack]:
    """A fresh one; gone with its data when the block ends. Its log lines are shown when it does not start."""
    with tempfile.TemporaryDirectory(prefix="opsdash-demo-") as folder:
        Path(folder).chmod(0o755)  # the database server may run as somebody else
        log, data, port = Path(folder) / "output.txt", Path(folder) / "data", free_block()
        environ = {name: value for name, value in os.environ.items() if name not in OWN}
        process = processes.spawn(
            [sys.executable, "-m", "opsdash_local.cli", "run", "--data", data],
            env=environ | {"PORT": str(port)},
            log_file=log,
            death_signal=signal.SIGTERM,
        )
        try:
            processes.wait_until(
                lambda: READY in log.read_text(encoding="utf-8") or process.poll() is not None,
                timeout=DEMO_START_SECONDS,
            )
            if READY not in log.read_text(encoding="utf-8"):
                raise SystemExit(f"the demo stack did not start\n{processes.last_lines(log, count=40)}")
            server = EmbeddedPostgres(data / "postgres", Ports(port).postgres)
            yield DemoStack(f"http://127.0.0.1:{port}", server.admin_url)
        finally:
            processes.ask_to_stop(process, signal.SIGINT)
            processes.wait_or_kill(process, timeout=40)
