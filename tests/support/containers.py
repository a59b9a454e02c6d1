"""Apache Kafka in a container, where a Docker engine answers: the same settings on the host's network."""

from __future__ import annotations

import functools
from typing import Any

import docker
from docker.errors import DockerException
from opsdash_local.apache.jars import kafka_version
from opsdash_local.apache.node import CLUSTER_ID, ApacheKafka
from testcontainers.core.container import DockerContainer


@functools.cache
def docker_answers() -> bool:
    try:
        return bool(docker.from_env(timeout=3).ping())
    except DockerException:
        return False


class ContainerKafka(ApacheKafka):
    """Killed and started again it is the same container, so its records stay."""

    _container: DockerContainer | None = None

    def launch(self) -> None:
        if self._container is not None:
            self._wrapped.start()
            return
        container = DockerContainer(f"apache/kafka:{kafka_version()}").with_kwargs(network_mode="host")
        container.with_env("CLUSTER_ID", CLUSTER_ID)
        for name, value in self.properties().items():
            if name != "log.dirs":  # where it is in the image
                container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
        self._container = container.start()

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
