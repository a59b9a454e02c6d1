"""One service of the stack as a child process."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from opsdash_local import processes
from opsdash_local.ports import LOOPBACK

OK = b"200"


class ServiceChild:
    """`python -m <module> serve`; `operations_port` is where it answers /readyz."""

    stop_signal = signal.SIGTERM
    stop_timeout = 30.0  # services promise 25 seconds
    kill_signal = signal.SIGKILL

    def __init__(self, module: str, env: Mapping[str, str], operations_port: int, log_file: Path) -> None:
        self.log_file = log_file
        self.process: subprocess.Popen[bytes] | None = None
        self._command = [sys.executable, "-m", module, "serve"]
        self._env = env
        self._operations_port = operations_port

    def launch(self) -> None:
        self.process = processes.spawn(self._command, env=self._env, log_file=self.log_file)

    def is_ready(self) -> bool:
        return http_status(self._operations_port, "/readyz") == OK


def http_status(port: int, path: str, *, timeout: float = 2.0) -> bytes | None:
    """Status of a GET, by hand: an HTTP client library would double what the supervisor keeps in memory."""
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((LOOPBACK, port), timeout=timeout) as connection:
            connection.sendall(request.encode())
            answer = connection.recv(64).split(b" ", 2)
    except OSError:
        return None
    return answer[1] if len(answer) > 1 and answer[0].startswith(b"HTTP/1.") else None
