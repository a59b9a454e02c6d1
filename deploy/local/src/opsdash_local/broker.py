"""What every broker of ours is: one child process that answers the Kafka protocol on one loopback port."""

from __future__ import annotations

import abc
import signal
import socket
import struct
import subprocess
from pathlib import Path

from opsdash_local import processes
from opsdash_local.errors import LocalStackError
from opsdash_local.ports import LOOPBACK

API_VERSIONS = 18


class BrokerProcess(abc.ABC):
    """Subclasses say how it is launched, and what it can and cannot do."""

    start_timeout = 20.0
    stop_signal = signal.SIGTERM
    stop_timeout = 10.0
    kill_signal = signal.SIGKILL
    #: Whether producers may number their records, so that a repeated send is stored once.
    idempotent_producers: bool
    #: Whether records and offsets are still there after the process ended.
    keeps_records: bool
    #: The session timeout to give the members of its groups; None leaves the services' own.
    session_seconds: int | None = None
    #: How many copies of a topic it can hold.
    replication = 1

    def __init__(self, port: int, *, log_file: Path) -> None:
        self.port = port
        self.log_file = log_file
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def has_records(self) -> bool:
        """Whether a start finds what an earlier run stored."""
        return False

    @property
    def pid(self) -> int:
        if self.process is None:
            raise LocalStackError("the broker has not been started")
        return self.process.pid

    @abc.abstractmethod
    def launch(self) -> None:
        """Start without waiting."""

    def start(self) -> None:
        """Start the broker and wait until it answers the Kafka protocol."""
        self.launch()
        self.wait_ready()

    def wait_ready(self) -> None:
        answered = processes.wait_until(
            lambda: not self.is_running() or speaks_kafka(self.port), timeout=self.start_timeout
        )
        if not answered or not self.is_running():
            self.kill()
            log = processes.last_lines(self.log_file, count=3).strip() or "no message"
            raise LocalStackError(f"the Kafka broker did not start: {log} (see {self.log_file})")

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """Ask the broker to stop; returns its exit code."""
        if self.process is None:
            return 0
        processes.ask_to_stop(self.process, self.stop_signal)
        code = processes.wait_or_kill(self.process, timeout=self.stop_timeout)
        self.process = None
        return code

    def kill(self) -> None:
        if self.process is not None:
            processes.kill(self.process)
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()


def speaks_kafka(port: int, *, host: str = LOOPBACK, timeout: float = 1.0) -> bool:
    """Whether an ApiVersions request is answered; an open port alone may be any program."""
    correlation = 7
    request = struct.pack(">hhih", API_VERSIONS, 0, correlation, -1)
    try:
        with socket.create_connection((host, port), timeout=timeout) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.recv(8)
    except OSError:
        return False
    return len(answer) == 8 and struct.unpack(">ii", answer)[1] == correlation  # noqa: PLR2004 - two int32
