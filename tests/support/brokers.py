"""Which broker the tests run on: the embedded one, or Apache Kafka with `--kafka=apache`.

Suites are written once; what a broker can and cannot do is asked of the broker.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import pytest
from opsdash_chassis.kafka.topics import create_topics
from opsdash_local.apache import jars
from opsdash_local.apache.cluster import ApacheKafkaCluster
from opsdash_local.apache.node import ApacheKafka, Place
from opsdash_local.errors import LocalStackError
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.ports import free_port

APACHE = "apache"
PARTITIONS = 3
_chosen = {"kafka": "embedded"}


class Broker(Protocol):
    """One server or a cluster of them."""

    replication: int

    @property
    def bootstrap_servers(self) -> str: ...
    @property
    def idempotent_producers(self) -> bool: ...
    @property
    def keeps_records(self) -> bool: ...
    @property
    def session_seconds(self) -> int | None: ...
    def start(self) -> None: ...
    def kill(self) -> None: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--kafka", choices=["embedded", APACHE], default="embedded", help="the broker to run tests on")


def pytest_configure(config: pytest.Config) -> None:
    """One line, and no test, where Apache Kafka cannot run; its jars are fetched before the first test needs them."""
    _chosen["kafka"] = config.getoption("--kafka")
    if _chosen["kafka"] != APACHE or _node_type() is not ApacheKafka:
        return
    if reason := jars.missing():
        raise pytest.UsageError(f"{reason}; install it, or start a Docker engine (none answers)")
    try:
        jars.class_path()
    except LocalStackError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What only Apache Kafka can show is not a test of the embedded broker."""
    apart = [item for item in items if item.get_closest_marker("apache_only") and _chosen["kafka"] != APACHE]
    if apart:
        config.hook.pytest_deselected(items=apart)
        items[:] = [item for item in items if item not in apart]


def new_broker(folder: Path) -> EmbeddedKafka | ApacheKafka:
    """A broker of one's own, not yet started; its log and data are in the folder."""
    port = free_port()
    log_file = folder / f"kafka-{port}.log"
    if _chosen["kafka"] != APACHE:
        return EmbeddedKafka(port, log_file=log_file)
    return _node_type()(Place(1, port, free_port()), folder / f"kafka-{port}", log_file=log_file)


def new_cluster(folder: Path) -> ApacheKafkaCluster:
    """Three nodes of Apache Kafka; topics are replicated three times."""
    return ApacheKafkaCluster(folder / "kafka", log_folder=folder, node_type=_node_type())


def client_environment(broker: Broker) -> dict[str, str]:
    """The settings by which every service finds that broker and its topics."""
    return {
        "OPSDASH_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "OPSDASH_KAFKA_IDEMPOTENT_PRODUCER": str(broker.idempotent_producers).lower(),
        "OPSDASH_KAFKA_PARTITIONS": str(PARTITIONS),
    }


def member_environment(broker: Broker) -> dict[str, str]:
    """What those with consumer groups are told besides; nothing where the default is right."""
    seconds = broker.session_seconds
    return {} if seconds is None else {"OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS": str(seconds)}


def _node_type() -> type[ApacheKafka]:
    from tests.support import containers  # other runs do without the Docker client

    return containers.ContainerKafka if containers.docker_answers() else ApacheKafka


@asynccontextmanager
async def broker_of_its_own(folder: Path) -> AsyncIterator[Broker]:
    """For a test that stops it: with all topics, and killed in the end."""
    server = new_broker(folder)
    server.start()
    try:
        await create_topics(server.bootstrap_servers, partitions=PARTITIONS)
        yield server
    finally:
        server.kill()  # it keeps nothing, and asking nicely takes seconds while clients are connected
