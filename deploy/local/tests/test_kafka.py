"""The embedded broker: keeps records while it runs, forgets them afterwards, and never fails silently."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from opsdash_local.broker import speaks_kafka
from opsdash_local.errors import LocalStackError, PortInUseError
from opsdash_local.kafka import EmbeddedKafka, broker_program
from opsdash_local.ports import free_port


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedKafka]:
    own = EmbeddedKafka(free_port(), log_file=tmp_path / "kafka.log")
    own.start()
    yield own
    own.kill()


async def topics(broker: EmbeddedKafka) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()


async def create_topic(broker: EmbeddedKafka, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 3, 1)])
    finally:
        await admin.close()


class TestBroker:
    async def test_a_record_comes_back_as_it_was_sent(self, broker: EmbeddedKafka) -> None:
        await create_topic(broker, "notes")
        producer = AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all")
        await producer.start()
        sent = await producer.send_and_wait("notes", b"\x00v", key=b"k", headers=[("h", b"\xff")])
        await producer.stop()
        consumer = AIOKafkaConsumer(bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest")
        await consumer.start()
        consumer.assign([TopicPartition("notes", sent.partition)])
        record = await consumer.getone()
        await consumer.stop()
        assert (record.key, record.value, list(record.headers)) == (b"k", b"\x00v", [("h", b"\xff")])

    async def test_it_comes_back_empty_after_a_kill(self, broker: EmbeddedKafka) -> None:
        await create_topic(broker, "notes")
        assert "notes" in await topics(broker)
        broker.kill()
        assert not speaks_kafka(broker.port)
        broker.start()
        assert "notes" not in await topics(broker)

    def test_it_stops_cleanly_and_starts_again_on_the_same_port(self, broker: EmbeddedKafka) -> None:
        assert broker.stop() == 0
        broker.start()
        assert broker.is_running()


class TestStart:
    def test_a_taken_port_is_named(self, tmp_path: Path, kafka_server: EmbeddedKafka) -> None:
        with pytest.raises(PortInUseError, match=str(kafka_server.port)):
            EmbeddedKafka(kafka_server.port, log_file=tmp_path / "kafka.log").start()

    def test_a_broker_that_dies_at_once_is_reported_with_its_log(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = tmp_path / "broken"
        program.write_text("#!/bin/sh\necho no luck today\n")
        program.chmod(0o755)
        monkeypatch.setattr("opsdash_local.kafka.broker_program", lambda: program)
        with pytest.raises(LocalStackError, match="no luck today"):
            EmbeddedKafka(free_port(), log_file=tmp_path / "kafka.log").start()

    def test_settings_meant_for_another_broker_are_not_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("STORAGE_ENGINE", "postgres://nowhere")
        broker = EmbeddedKafka(free_port(), log_file=tmp_path / "kafka.log")
        broker.start()
        assert broker.stop() == 0

    def test_the_program_is_executable(self) -> None:
        assert broker_program().stat().st_mode & 0o111


def test_an_open_port_that_is_no_broker_is_not_taken_for_one() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert not speaks_kafka(listener.getsockname()[1], timeout=0.2)
