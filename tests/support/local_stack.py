"""`opsdash run` as a person starts it, in surroundings of a test's choice."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opsdash_local.ports import LAST_OFFSET, is_free
from opsdash_local.processes import last_lines, wait_until

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
