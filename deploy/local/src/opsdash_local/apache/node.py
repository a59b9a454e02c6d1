"""One Apache Kafka server (KRaft: broker and controller in one) as our own child process; its data stays on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from opsdash_local import processes
from opsdash_local.apache.jars import class_path
from opsdash_local.broker import BrokerProcess
from opsdash_local.ports import LOOPBACK, require_free

CLUSTER_ID = "b3BzZGFzaC1sb2NhbC0wMQ"
# Formatting and serving are one command, so that the start can go on beside that of other servers.
FORMAT_AND_SERVE = """
[ -e "$DATA/meta.properties" ] || "$@" kafka.tools.StorageTool format -t "$CLUSTER" -c "$CONFIG" >/dev/null || exit
exec "$@" kafka.Kafka "$CONFIG"
"""
JVM = (
    "-Xms64m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # a second less to start, and enough for one machine
    "-XX:-UsePerfData",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)


@dataclass(frozen=True)
class Place:
    """Where one node of a cluster is."""

    id: int
    port: int
    controller_port: int

    @property
    def voter(self) -> str:
        return f"{self.id}@{LOOPBACK}:{self.controller_port}"


class ApacheKafka(BrokerProcess):
    """One node; alone, unless it is told of the others."""

    start_timeout = 120.0
    stop_timeout = 30.0
    idempotent_producers = True
    keeps_records = True

    def __init__(self, place: Place, home: Path, *, log_file: Path, cluster: tuple[Place, ...] = ()) -> None:
        super().__init__(place.port, log_file=log_file)
        self.place = place
        self.home = home.absolute()
        self._cluster = cluster or (place,)

    @property
    def has_records(self) -> bool:
        return (self.home / "meta.properties").exists()

    def launch(self) -> None:
        """Start without waiting. Raises LocalStackError when Java, Maven, the jars or a port are missing."""
        require_free(self.port, "the Kafka broker")
        require_free(self.place.controller_port, "the Kafka controller")
        self.home.mkdir(parents=True, exist_ok=True)
        config = self.home.with_name(f"{self.home.name}.properties")
        config.write_text("".join(f"{name}={value}\n" for name, value in self.properties().items()), encoding="utf-8")
        java = ["java", *JVM, "-cp", class_path()]
        self.process = processes.spawn(
            ["/bin/sh", "-c", FORMAT_AND_SERVE, "kafka", *java],
            log_file=self.log_file,
            env=os.environ | {"DATA": str(self.home), "CONFIG": str(config), "CLUSTER": CLUSTER_ID},
        )

    def properties(self) -> dict[str, str]:
        """What differs from the defaults: loopback, few threads and buffers, every internal topic on all nodes."""
        replicas = len(self._cluster)
        return {
            "process.roles": "broker,controller",
            "node.id": str(self.place.id),
            "controller.quorum.voters": ",".join(place.voter for place in self._cluster),
            "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.bootstrap_servers},CONTROLLER://{LOOPBACK}:{self.place.controller_port}",
            "log.dirs": str(self.home),
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": "3",
            "offsets.topic.replication.factor": str(replicas),
            "transaction.state.log.num.partitions": "3",
            "transaction.state.log.replication.factor": str(replicas),
            "transaction.state.log.min.isr": str(max(1, replicas - 1)),
            # Members are waited for in production; here each start would wait three seconds for nobody.
            "group.initial.rebalance.delay.ms": "0",
            # A killed node that comes back is let in when the session of its former life has ended.
            "broker.session.timeout.ms": "6000",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "log.cleaner.dedupe.buffer.size": "4194304",
            "log.index.size.max.bytes": "1048576",
        }
