"""What Apache Kafka needs of a machine, said in one line, and how the stack chooses it.

That its processes keep records and survive kills is shown by `tests/integration/test_broker_loss.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from opsdash_local import stack
from opsdash_local.apache import jars
from opsdash_local.apache.cluster import ApacheKafkaCluster
from opsdash_local.apache.node import ApacheKafka
from opsdash_local.environment import Environments
from opsdash_local.errors import LocalStackError
from opsdash_local.progress import Progress
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import BACKENDS
from opsdash_local.settings import StackSettings
from opsdash_local.supervisor import Supervisor
from rich.console import Console

MakeProgram = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProgram:
    """`program("java", "…")` is the only `java` there is."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}")

    def make(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return make


JAVA_21 = """echo 'openjdk version "21.0.2"' >&2"""


class TestJars:
    def test_no_java(self, program: MakeProgram, tmp_path: Path) -> None:
        with pytest.raises(LocalStackError, match=r"needs Java 17 or newer, and there is no `java`; install it, or"):
            jars.class_path(tmp_path)

    def test_an_old_java(self, program: MakeProgram, tmp_path: Path) -> None:
        program("java", """echo 'openjdk version "11.0.2" 2019' >&2""")
        assert jars.missing(tmp_path) == "Apache Kafka needs Java 17 or newer, and this is Java 11"

    def test_no_maven(self, program: MakeProgram, tmp_path: Path) -> None:
        program("java", JAVA_21)
        with pytest.raises(LocalStackError, match="is fetched by Maven, and there is no `mvn`"):
            jars.class_path(tmp_path)

    def test_no_network_leaves_nothing_that_looks_fetched(self, program: MakeProgram, tmp_path: Path) -> None:
        program("java", JAVA_21)
        program("mvn", 'echo "[ERROR] repo.maven.apache.org: Name or service not known"; exit 1')
        with pytest.raises(LocalStackError, match=r"needs the network: repo.maven.apache.org: Name or service"):
            jars.class_path(tmp_path)
        assert jars.to_be_fetched(tmp_path)

    def test_fetched_once_it_needs_no_maven(self, program: MakeProgram, tmp_path: Path) -> None:
        program("java", JAVA_21)
        (tmp_path / f"kafka-{jars.kafka_version()}").mkdir()
        assert jars.class_path(tmp_path) == f"{tmp_path}/kafka-{jars.kafka_version()}/*"


class TestChoice:
    def test_producers_are_idempotent_and_sessions_long_on_it_and_not_on_the_embedded_broker(
        self, tmp_path: Path
    ) -> None:
        def made(**environ: str) -> tuple[str, str | None]:
            settings = StackSettings.read(environ, tmp_path)
            stack = Environments(settings, SecretStore(tmp_path / "secrets.json"), "postgresql://a:b@127.0.0.1/x")
            own = stack.of(BACKENDS[0])
            session = own.get("OPSDASH_KAFKA_SESSION_TIMEOUT_SECONDS")
            return own["OPSDASH_KAFKA_IDEMPOTENT_PRODUCER"], session

        assert made() == made(KAFKA="embedded") == ("false", "2")
        assert made(KAFKA="apache") == made(KAFKA_BOOTSTRAP_SERVERS="kafka:9092") == ("true", None)

    def test_another_value_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(LocalStackError, match="KAFKA must be embedded or apache"):
            StackSettings.read({"KAFKA": "redpanda"}, tmp_path)

    def test_a_broker_of_ours_and_one_of_yours_are_not_both_used(self, tmp_path: Path) -> None:
        with pytest.raises(LocalStackError, match="set only one"):
            StackSettings.read({"KAFKA": "apache", "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092"}, tmp_path)

    def test_its_data_is_kept_beside_that_of_postgresql(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jars, "to_be_fetched", lambda: False)
        settings = StackSettings.read({"KAFKA": "apache", "PORT": "9000"}, tmp_path)
        broker = stack.Stack(settings, Supervisor(), Progress(Console(quiet=True)))._broker()
        assert isinstance(broker, ApacheKafka)
        assert (broker.home, broker.port, broker.place.controller_port) == (tmp_path / "kafka", 9010, 9012)


def test_a_cluster_replicates_its_internal_topics_and_survives_the_loss_of_one(tmp_path: Path) -> None:
    nodes = ApacheKafkaCluster(tmp_path, log_folder=tmp_path).nodes
    properties = [node.properties() for node in nodes]
    assert [each["node.id"] for each in properties] == ["1", "2", "3"]
    assert len({each["controller.quorum.voters"] for each in properties}) == 1
    for each in properties:
        assert each["offsets.topic.replication.factor"] == "3"
        assert each["transaction.state.log.min.isr"] == "2"
