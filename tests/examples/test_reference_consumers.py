"""The reference consumers, killed and started again while events keep coming."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from opsdash_chassis.kafka.topics import create_topics
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import BREACHED, SlaNotice, SlaRule, notice_id
from opsdash_contracts.tickets import Priority
from opsdash_contracts.topics import SLA, TICKETS
from opsdash_local import processes

from tests.integration.stacks import SideBySide
from tests.support.brokers import Broker, new_broker
from tests.support.measurements import eventually

pytestmark = pytest.mark.storm

EXAMPLES = Path(__file__).parents[2] / "examples"
NOW = datetime.now(UTC)


def breach(recipient: UUID, number: int) -> Event[SlaNotice]:
    org, ticket, due = uuid4(), uuid4(), NOW - timedelta(seconds=1)
    data = SlaNotice(
        org_id=org, version=2, ticket_id=ticket, number=number, ticket_version=1, priority=Priority.HIGH,
        assignee_id=recipient, created_by=uuid4(), due_at=due, rule=SlaRule.DUE_TIME_PASSED, detected_at=NOW,
        lateness_ms=1000, confirmed=True,
    )  # fmt: skip
    return Event.of(data, type=BREACHED, id=notice_id(BREACHED, org, ticket, due), time=NOW)


@asynccontextmanager
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Broker]:
    server = new_broker(tmp_path_factory.mktemp("kafka"))
    server.start()
    await create_topics(server.bootstrap_servers, partitions=1)
    yield server
    server.kill()


async def publish(kafka: Broker, *records: Event[Any] | bytes, topic: str = SLA) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers, acks="all")
    await producer.start()
    for record in records:
        if isinstance(record, bytes):
            await producer.send_and_wait(topic, record, key=b"x")
        else:
            headers = record.envelope.to_headers()
            await producer.send_and_wait(topic, record.value(), key=record.key, headers=headers)
    await producer.stop()


class Consumer:
    """An example as a child process; all its runs write to one log."""

    def __init__(self, name: str, folder: Path, kafka: Broker, **environment: str) -> None:
        self._command = [sys.executable, str(EXAMPLES / name / f"{name}.py")]
        self._environment = os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers} | environment
        self.output = self.speaks_in = folder / f"{name}.log"

    def start(self) -> None:
        self.process = processes.spawn(self._command, env=self._environment, log_file=self.output)

    def kill(self) -> None:
        processes.kill(self.process)

    async def spoke(self) -> bool:
        return bool(self.lines(self.speaks_in))

    def lines(self, path: Path | None = None) -> list[dict[str, Any]]:
        path = path or self.output
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line[0] == "{" and line[-1] == "\n"]


def ids(events: Iterable[Event[Any]]) -> list[str]:
    return [str(event.envelope.id) for event in events]


async def killed_in_the_middle(consumer: Consumer, kafka: Broker, events: list[Event[Any]]) -> None:
    """Publish half, kill the consumer at its first output, publish that half again and the rest, start it again."""
    half = len(events) // 2
    consumer.start()
    await publish(kafka, *events[:half])
    await eventually(consumer.spoke, timeout=30)
    consumer.kill()
    await publish(kafka, *events)


async def notifications(kafka: Broker, folder: Path) -> None:
    busy, calm = uuid4(), uuid4()
    burst = [breach(busy, number) for number in range(1, 41)]
    lone = breach(calm, 77)
    database = str(folder / "n.sqlite")
    consumer = Consumer("notifications", folder, kafka, NOTIFY_DATABASE=database, NOTIFY_MINUTE_SECONDS="5")
    await publish(kafka, b"not json")
    await killed_in_the_middle(consumer, kafka, burst)
    consumer.start()
    await publish(kafka, lone)
    wanted = set(ids([*burst, lone]))

    async def told() -> set[str]:
        return {event_id for line in consumer.lines() for event_id in line["event_ids"]}

    try:
        await eventually(told, lambda found: found >= wanted, timeout=40)
    finally:
        consumer.kill()
    sizes = Counter(len(line["event_ids"]) for line in consumer.lines() if line["to"] == str(busy))
    repeated = Counter(event_id for line in consumer.lines() for event_id in line["event_ids"])
    assert set(repeated) == wanted
    assert max(repeated.values()) <= 2  # twice only what was sent, but not marked, when the process was killed
    assert max(sizes) > 1
    assert sum(sizes.values()) < len(burst)
    (single,) = [line for line in consumer.lines() if line["to"] == str(calm)]
    assert single["text"].startswith("Ticket #77 (high) is overdue since")


async def audit(kafka: Broker, folder: Path) -> None:
    journal = folder / "audit.jsonl"
    events = [breach(uuid4(), number) for number in range(1, 801)]
    consumer = Consumer("audit", folder, kafka, AUDIT_FILE=str(journal))
    consumer.speaks_in = journal
    await publish(kafka, b"not json", topic=TICKETS)
    await killed_in_the_middle(consumer, kafka, events)
    with journal.open("ab") as file:
        file.write(b'{"id": "cut off in the mid')
    consumer.start()
    wanted = set(ids(events))

    async def done() -> bool:
        lines = consumer.lines(journal)
        return wanted <= {line["id"] for line in lines} and any("error" in line for line in lines)

    try:
        await eventually(done, timeout=40)
    finally:
        consumer.kill()
    found = [line["id"] for line in consumer.lines(journal)]
    assert len(found) == len(set(found))
    assert b"cut off" not in journal.read_bytes()


@pytest.fixture(scope="module")
async def scenarios(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SideBySide]:
    """Both mostly wait until the broker gives up the killed member, so they wait together."""
    async with broker(tmp_path_factory) as first, broker(tmp_path_factory) as second:
        both = SideBySide(
            notifications=notifications(first, tmp_path_factory.mktemp("notifications")),
            audit=audit(second, tmp_path_factory.mktemp("audit")),
        )
        yield both
        await both.close()


async def test_notifications_tell_every_event_and_fold_a_burst_into_digests(scenarios: SideBySide):
    await scenarios.outcome("notifications")


async def test_audit_has_every_event_once_and_repairs_a_torn_line(scenarios: SideBySide):
    await scenarios.outcome("audit")
