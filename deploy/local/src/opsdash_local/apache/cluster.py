"""Three Apache Kafka nodes that replicate to each other, so that one may be lost."""

from __future__ import annotations

from pathlib import Path

from opsdash_local.apache.node import ApacheKafka, Place
from opsdash_local.ports import free_port

NODES = 3


class ApacheKafkaCluster:
    """Nodes on free ports, data under one folder; topics are to be made with `replication`."""

    idempotent_producers = True
    keeps_records = True
    session_seconds = None
    replication = NODES

    def __init__(self, home: Path, *, log_folder: Path, node_type: type[ApacheKafka] = ApacheKafka) -> None:
        places = tuple(Place(number, free_port(), free_port()) for number in range(1, NODES + 1))
        self.nodes = [
            node_type(place, home / f"node-{place.id}", log_file=log_folder / f"kafka-{place.id}.log", cluster=places)
            for place in places
        ]

    @property
    def bootstrap_servers(self) -> str:
        return ",".join(node.bootstrap_servers for node in self.nodes)

    def start(self) -> None:
        """All at once: they need each other to become ready."""
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait_ready()

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()
