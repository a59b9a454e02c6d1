"""Publishes workspace events the way the gateway does, for tests of those who consume them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer
from opsdash_contracts.envelope import Event, EventData
from opsdash_contracts.topics import WORKSPACE
from opsdash_contracts.workspace import Kind, Removed, removed

_KIND_OF = {"Org": "org", "Member": "member", "Contact": "contact", "Company": "company", "Project": "project"}


def workspace_event(data: EventData) -> Event[Any]:
    if isinstance(data, Removed):
        event_type = removed(Kind(data.kind))
    else:
        event_type = f"workspace.{_KIND_OF[type(data).__name__]}.upserted"
    return Event.of(data, type=event_type, id=uuid4(), time=datetime.now(UTC))


async def publish(bootstrap_servers: str, *payloads: EventData) -> None:
    """Return after the broker has them all."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    await producer.start()
    try:
        for payload in payloads:
            event = workspace_event(payload)
            await producer.send_and_wait(WORKSPACE, event.value(), key=event.key, headers=event.envelope.to_headers())
    finally:
        await producer.stop()
