"""What is on the topic of ticket events: real events of a stack, and messages among them that should not be there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from opsdash_contracts.topics import TICKETS

from tests.browser.people import OWNER
from tests.clients.conftest import Scene
from tests.support.brokers import PARTITIONS

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
