"""The local stack with its demo, as `make run` starts it, for tools that look at it from outside."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsdash_local import processes
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.settings import Ports

from tests.support.local_stack import OWN, READY
from tests.support.ports import free_block

START_SECONDS = 120.0


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
                lambda: READY in log.read_text(encoding="utf-8") or process.poll() is not None, timeout=START_SECONDS
            )
            if READY not in log.read_text(encoding="utf-8"):
                raise SystemExit(f"the demo stack did not start\n{processes.last_lines(log, count=40)}")
            server = EmbeddedPostgres(data / "postgres", Ports(port).postgres)
            yield DemoStack(f"http://127.0.0.1:{port}", server.admin_url)
        finally:
            processes.ask_to_stop(process, signal.SIGINT)
            processes.wait_or_kill(process, timeout=40)
