"""Brokers of the tests: the embedded one or Apache Kafka (`--kafka=apache`), and a consumer that records topics.

Suites are written once; what a broker can and cannot do is asked of the broker.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from opsdash_chassis.kafka.topics import create_topics
from opsdash_local.apache import jars
from opsdash_local.apache.cluster import ApacheKafkaCluster
from opsdash_local.apache.jars import kafka_version
from opsdash_local.apache.node import CLUSTER_ID, ApacheKafka, Place
from opsdash_local.errors import LocalStackError
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.ports import free_port

from tests.support.service_process import ServiceProcess

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

    return ContainerKafka if docker_answers() else ApacheKafka


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


async def start_again(broker: Broker, *services: ServiceProcess) -> None:
    """A broker that forgot its topics makes them when asked; the services sleep until they are as they should be."""
    for service in services:
        service.sigstop()
    await asyncio.to_thread(broker.start)
    await create_topics(broker.bootstrap_servers, partitions=PARTITIONS)
    for service in services:
        service.sigcont()


@functools.cache
def docker_answers() -> bool:
    import docker  # other runs do without the Docker client
    from docker.errors import DockerException

    try:
        return bool(docker.from_env(timeout=3).ping())
    except DockerException:
        return False


def kafka_image() -> str:
    """The one that BASE_KAFKA names, as in the compose stack."""
    return os.environ.get("BASE_KAFKA") or f"apache/kafka:{kafka_version()}"


class ContainerKafka(ApacheKafka):
    """Killed and started again it is the same container, so its records stay."""

    _container: Any = None

    def launch(self) -> None:
        if self._container is not None:
            self._wrapped.start()
            return
        from testcontainers.core.container import DockerContainer

        container = DockerContainer(kafka_image()).with_kwargs(network_mode="host")
        container.with_env("CLUSTER_ID", CLUSTER_ID)
        for name, value in self.properties().items():
            if name != "log.dirs":  # where it is in the image
                container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
        self._container = container.start()
        atexit.register(container.stop)  # which removes it, where Ryuk is switched off too

    def is_running(self) -> bool:
        if self._container is None:
            return False
        self._wrapped.reload()
        return bool(self._wrapped.status == "running")

    def stop(self) -> int:
        self._wrapped.stop(timeout=int(self.stop_timeout))
        return 0

    def kill(self) -> None:
        if self.is_running():
            self._wrapped.kill()

    @property
    def _wrapped(self) -> Any:
        assert self._container is not None, "the broker has not been started"
        return self._container.get_wrapped_container()


@dataclass(frozen=True)
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    def header(self, name: str) -> str | None:
        """The first value of a header as text."""
        return next((value.decode() for key, value in self.headers if key == name), None)


class Witness:
    """Reads from the beginning, never commits, so it disturbs nobody; the topics must exist already."""

    def __init__(self, bootstrap_servers: str, *topics: str) -> None:
        self.records: list[Record] = []
        self._servers = bootstrap_servers
        self._topics = topics
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> Self:
        await self._require_topics()
        self._consumer = AIOKafkaConsumer(
            *self._topics,
            bootstrap_servers=self._servers,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=5_000,
        )
        await self._consumer.start()
        self._task = asyncio.create_task(self._record(self._consumer))
        return self

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._consumer is not None:
            # Tests without an event loop hold up a fetch until it is too late, and the client ends with that error, or
            # as cancelled by itself; what was recorded stays.
            await asyncio.gather(self._consumer.stop(), return_exceptions=True)

    async def _require_topics(self) -> None:
        """Asking for a missing topic creates it on some brokers, with a partition count nobody chose."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        await admin.start()
        try:
            missing = set(self._topics) - set(await admin.list_topics())
        finally:
            await admin.close()
        assert not missing, f"create these topics first: {sorted(missing)}"

    async def _record(self, consumer: AIOKafkaConsumer) -> None:
        async for message in consumer:
            self.records.append(
                Record(
                    topic=message.topic,
                    partition=message.partition,
                    offset=message.offset,
                    key=message.key,
                    headers=tuple(message.headers),
                    value=message.value,
                )
            )

    def leader_of(self, topic: str, partition: int) -> int:
        """The id of the node that leads the partition, as the broker told last."""
        assert self._consumer is not None, "the witness has not been started"
        leader: int = self._consumer._client.cluster.leader_for_partition(TopicPartition(topic, partition))
        return leader

    def of(self, topic: str) -> list[Record]:
        return [record for record in self.records if record.topic == topic]

    async def wait_for(self, count: int, *, topic: str | None = None, timeout: float = 45.0) -> list[Record]:
        """At least `count` records, of one topic or of all."""

        def enough(records: list[Record]) -> bool:
            return len([r for r in records if topic in {None, r.topic}]) >= count

        await self.wait_until(enough, timeout=timeout)
        return [record for record in self.records if topic in {None, record.topic}]

    async def wait_until(self, satisfied: Callable[[list[Record]], bool], *, timeout: float = 45.0) -> None:
        deadline = time.monotonic() + timeout
        while not satisfied(self.records):
            if self._task is not None and self._task.done():
                self._task.result()
            assert time.monotonic() < deadline, f"not seen within {timeout} s; {len(self.records)} records so far"
            await asyncio.sleep(0.02)

    async def settle(self, *, quiet_seconds: float = 1.0, timeout: float = 30.0) -> list[Record]:
        """Wait until nothing new has come for a while, for assertions that something was not published."""
        deadline = time.monotonic() + timeout
        seen, since = len(self.records), time.monotonic()
        while time.monotonic() - since < quiet_seconds:
            assert time.monotonic() < deadline, "records keep coming"
            await asyncio.sleep(0.05)
            if len(self.records) != seen:
                seen, since = len(self.records), time.monotonic()
        return self.records

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
