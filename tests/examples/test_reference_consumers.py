"""The reference consumers, killed and started again while events keep coming."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from aiokafka import AIOKafkaProducer
from opsdash_chassis.kafka.topics import create_topics
from opsdash_contracts.envelope import Event
from opsdash_contracts.notices import SENT, SKIPPED, Channel, Notice, Reason, Why
from opsdash_contracts.notices import notice_id as told_id
from opsdash_contracts.sla import BREACHED, SlaNotice, SlaRule, notice_id
from opsdash_contracts.tickets import Priority
from opsdash_contracts.topics import NOTICES, SLA, TICKETS
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


def notice(recipient: UUID, number: int, why: Why | None = None) -> Event[Notice]:
    """That somebody was told by the inbox, or was not."""
    org, source = uuid4(), uuid4()
    kind = SENT if why is None else SKIPPED
    identity = told_id(org, source, recipient, Channel.INBOX, Reason.MENTIONED)
    data = Notice(
        org_id=org, version=1, notice_id=identity, ticket_id=uuid4(), number=number, reason=Reason.MENTIONED,
        channel=Channel.INBOX, recipient_id=recipient, channel_id=None, source_event_id=source, at=NOW,
        lateness_ms=12 if why is None else None, why=why,
    )  # fmt: skip
    return Event.of(data, type=kind, id=uuid5(identity, kind), time=NOW)


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


async def killed_in_the_middle(
    consumer: Consumer, kafka: Broker, events: list[Event[Any]], *, topic: str = SLA
) -> None:
    """Publish half, kill the consumer at its first output, publish that half again and the rest, start it again."""
    half = len(events) // 2
    consumer.start()
    await publish(kafka, *events[:half], topic=topic)
    await eventually(consumer.spoke, timeout=30)
    consumer.kill()
    await publish(kafka, *events, topic=topic)


async def notifications(kafka: Broker, folder: Path) -> None:
    database = folder / "notices.sqlite"
    events = [notice(uuid4(), number, why) for number in range(1, 301) for why in (None, Why.MUTED)]
    consumer = Consumer("notifications", folder, kafka, NOTICES_DATABASE=str(database))
    await publish(kafka, b"not json", topic=NOTICES)
    await killed_in_the_middle(consumer, kafka, events, topic=NOTICES)
    consumer.start()
    wanted = set(ids(events))

    async def stored() -> set[str]:
        with closing(sqlite3.connect(database)) as reading:
            return {row[0] for row in reading.execute("SELECT event_id FROM notices")}

    try:
        await eventually(stored, lambda found: found >= wanted, timeout=40)
    finally:
        consumer.kill()
    shown = [line["event_id"] for line in consumer.lines()]
    assert (await stored(), len(shown)) == (wanted, len(set(shown)))
    with closing(sqlite3.connect(database)) as reading:
        told = reading.execute("SELECT state, why, count(*) FROM notices GROUP BY state, why").fetchall()
    assert sorted(told, key=str) == [("sent", None, 300), ("skipped", "muted", 300)]


async def audit(kafka: Broker, folder: Path) -> None:
    journal = folder / "audit.jsonl"
    events: list[Event[Any]] = [breach(uuid4(), number) for number in range(1, 801)]
    notices = [notice(uuid4(), number) for number in range(1, 21)]
    consumer = Consumer("audit", folder, kafka, AUDIT_FILE=str(journal))
    consumer.speaks_in = journal
    await publish(kafka, b"not json", topic=TICKETS)
    await publish(kafka, *notices, topic=NOTICES)
    await killed_in_the_middle(consumer, kafka, events)
    with journal.open("ab") as file:
        file.write(b'{"id": "cut off in the mid')
    consumer.start()
    wanted = set(ids([*events, *notices]))

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


async def test_notifications_have_every_notice_once(scenarios: SideBySide):
    await scenarios.outcome("notifications")


async def test_audit_has_every_event_once_and_repairs_a_torn_line(scenarios: SideBySide):
    await scenarios.outcome("audit")
