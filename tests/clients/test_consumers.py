"""The examples that consume ticket events, in four languages, on Apache Kafka with the events of a running stack."""

from __future__ import annotations

import json
import signal
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from opsdash_contracts.topics import TICKETS
from opsdash_local import processes

from tests.browser.people import MEMBER, OWNER
from tests.clients.conftest import Scene
from tests.clients.generators import CONSUMERS, Command
from tests.support.brokers import PARTITIONS
from tests.support.measurements import eventually

Headers = list[tuple[str, bytes]]


@dataclass(frozen=True)
class Expected:
    """What a consumer that reads everything has to have: ids in `applied`, places and codes in `aside`."""

    applied: set[str]
    aside: dict[str, str]


async def make_events(scene: Scene) -> None:
    """One ticket that is changed, deleted, and brought back."""
    console, org = scene.console, scene.org
    ticket = await console.ticket(org, "For those who follow events")
    await console.change(org, ticket, status="in_progress", description="It **smokes**.")
    await console.as_(OWNER, "DELETE", f"/api/orgs/{org.slug}/tickets/{ticket['id']}")
    await console.restore(org, ticket)


async def records(servers: str) -> list[ConsumerRecord[bytes, bytes]]:
    """Everything on the topic until now."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        places = [TopicPartition(TICKETS, number) for number in range(PARTITIONS)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[ConsumerRecord[bytes, bytes]] = []
        for place in places:
            await consumer.seek_to_beginning(place)
            while await consumer.position(place) < ends[place]:
                found += (await consumer.getmany(place, timeout_ms=200)).get(place, [])
        return found
    finally:
        await consumer.stop()


@asynccontextmanager
async def producing(servers: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=servers, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def disturb(servers: str) -> Expected:
    """Publish repeats and bad messages among the real ones; gives what a consumer has to make of all of them."""
    real = await records(servers)
    applied = {dict(record.headers)["ce_id"].decode() for record in real}
    first = next(record for record in real if dict(record.headers)["ce_sequence"] == b"1")
    late = str(uuid4())
    aside = {}
    async with producing(servers) as producer:
        await _send(producer, first, changed(first, ce_replayed="true"))
        await _send(producer, first, changed(first, ce_id=late))
        await _send(producer, first, changed(first, ce_id=str(uuid4()), ce_type="support_ticket.merged"))
        for code, (headers, key, value) in bad(first).items():
            aside[await _send(producer, first, headers, key=key, value=value)] = code
    return Expected(applied | {late}, aside)


def changed(record: ConsumerRecord[bytes, bytes], **headers: str) -> Headers:
    """The record's headers, some of them others."""
    return list({**dict(record.headers), **{name: value.encode() for name, value in headers.items()}}.items())


def bad(record: ConsumerRecord[bytes, bytes]) -> dict[str, tuple[Headers, bytes, bytes]]:
    """By the code of docs/reference/events.md: headers, key and value of a message that nobody can apply."""
    key, value = record.key or b"", record.value or b""
    data: dict[str, Any] = json.loads(value)
    new = str(uuid4())
    good = changed(record, ce_id=new)

    def with_data(**fields: Any) -> bytes:
        return json.dumps({**data, **fields}).encode()

    version = changed(record, ce_id=new, ce_dataschema="urn:opsdash:support_ticket.created:v9")
    return {
        "missing-header": ([], key, value),
        "unknown-version": (version, key, value),
        "foreign-source": (changed(record, ce_id=new, ce_source="/services/comments"), key, value),
        "bad-json": (good, key, b"[]"),
        "key-mismatch": (good, b"\xff", value),
        "org-mismatch": (good, key, with_data(org_id=new)),
        "sequence-mismatch": (good, key, with_data(version=7)),
    }


async def _send(
    producer: AIOKafkaProducer,
    beside: ConsumerRecord[bytes, bytes],
    headers: Headers,
    *,
    key: bytes | None = None,
    value: bytes | None = None,
) -> str:
    """Its place. In the partition of another record, with what that has where nothing is given."""
    sent = await producer.send_and_wait(
        TICKETS,
        beside.value if value is None else value,
        key=beside.key if key is None else key,
        partition=beside.partition,
        headers=headers,
    )
    return f"{TICKETS}/{sent.partition}/{sent.offset}"


#: A JVM that was asked to stop ends with the number of the signal, whatever its program did.
STOPPED = {0, 128 + signal.SIGTERM}
STOP_SECONDS = 60


def needing(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.needs(need) for need in CONSUMERS[name].needs]


@pytest.fixture(scope="module")
async def expected(scene: Scene) -> Expected:
    await make_events(scene)
    await eventually(lambda: published(scene))
    return await disturb(servers_of(scene))


def servers_of(scene: Scene) -> str:
    return scene.console.environments.settings.bootstrap_servers


async def published(scene: Scene) -> bool:
    """Whether the newest event of the newest ticket is on the topic."""
    (newest,) = (await scene.get("tickets?limit=1&sort=-number"))["items"]
    versions = [dict(record.headers)["ce_sequence"] for record in await records(servers_of(scene))
                if (record.key or b"").decode() == newest["id"]]  # fmt: skip
    return str(newest["version"]).encode() in versions


class Running:
    """An example in its folder, and what it wrote there."""

    def __init__(self, command: Command, folder: Path, servers: str) -> None:
        self._command = [str(part).format(servers=servers) for part in command]
        self._folder = folder

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self._folder / name
        text = path.read_text() if path.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    async def has_all(self, expected: Expected) -> bool:
        applied = {line["id"] for line in self.lines("applied.jsonl")}
        return applied >= expected.applied and len(self.lines("set-aside.jsonl")) >= len(expected.aside)

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Runs it until the block is left, and then asks it to stop."""
        log = self._folder / "output.log"
        process = processes.spawn(self._command, log_file=log, cwd=self._folder)
        try:
            yield
            assert process.poll() is None, log.read_text()[-3000:]
            process.terminate()
            assert process.wait(STOP_SECONDS) in STOPPED, log.read_text()[-3000:]
        finally:
            processes.kill(process)


@pytest.mark.parametrize("name", [pytest.param(name, marks=needing(name)) for name in CONSUMERS])
async def test_an_example_takes_each_event_once(name: str, scene: Scene, expected: Expected, tmp_path: Path):
    example = Running(CONSUMERS[name].make(tmp_path), tmp_path, servers_of(scene))
    async with example.started():
        await eventually(lambda: example.has_all(expected), timeout=120)
    # Started again it goes on where it was: nothing is applied or set aside a second time.
    made = await scene.console.ticket(scene.org, f"After the stop of {name}", by=MEMBER)
    async with example.started():
        await eventually(lambda: newest_of(example, made["id"]), timeout=120)

    applied = example.lines("applied.jsonl")
    ids = [line["id"] for line in applied]
    assert len(ids) == len(set(ids))
    assert expected.applied <= set(ids)
    assert {line["place"]: line["code"] for line in example.lines("set-aside.jsonl")} == expected.aside
    assert len(example.lines("set-aside.jsonl")) == len(expected.aside)
    versions = defaultdict(list)
    for line in applied:
        if line["newest"]:
            versions[line["ticket"]].append(line["version"])
    assert all(found == list(range(1, len(found) + 1)) for found in versions.values())
    assert sum(not line["newest"] for line in applied) == 1  # the one that came late


async def newest_of(example: Running, ticket: str) -> bool:
    return any(line["ticket"] == ticket for line in example.lines("applied.jsonl"))
