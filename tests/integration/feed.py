"""The workspace feed, as OpsDash or a broken producer would write it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, cast
from uuid import UUID, uuid4

import uuid_utils.compat as uuid_utils
from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from opsdash_contracts.base import EventData
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import WORKSPACE
from opsdash_contracts.workspace import Company, Kind, Removed, removed

from tests.support.workspace import OrgFixture

DAMAGED_NAME = b"x-\xff\xfe"


@dataclass(frozen=True)
class Message:
    """A record before it is sent; every part may be damaged."""

    headers: list[tuple[str, bytes]]
    key: bytes | None
    value: bytes | None
    damaged_name: bool = field(default=False)

    def with_value(self, value: bytes | None) -> Message:
        return replace(self, value=value)

    def with_body(self, **changes: Any) -> Message:
        return replace(self, value=json.dumps(json.loads(self.value or b"{}") | changes).encode())

    def with_header(self, name: str, value: bytes) -> Message:
        return replace(self, headers=[*(pair for pair in self.headers if pair[0] != name), (name, value)])

    def without_header(self, name: str) -> Message:
        return replace(self, headers=[pair for pair in self.headers if pair[0] != name])


def message(data: EventData, event_type: str | None = None) -> Message:
    event: Event[EventData] = Event.of(
        data,
        type=event_type or data.event_types[0],
        id=UUID(bytes=uuid_utils.uuid7().bytes),
        time=datetime.now(UTC),
    )
    return Message(event.envelope.to_headers(), event.key, event.value())


def company(org: OrgFixture, *, version: int = 1, name: str = "Acme", company_id: UUID | None = None) -> Company:
    return Company(org_id=org.id, company_id=company_id or uuid4(), name=name, version=version)


def company_removed(org: OrgFixture, company_id: UUID, *, version: int) -> Message:
    data = Removed(kind=Kind.COMPANY, id=company_id, org_id=org.id, version=version)
    return message(data, removed(Kind.COMPANY))


class Feed:
    """Writes records to one topic exactly as given."""

    def __init__(self, bootstrap_servers: str, topic: str = WORKSPACE) -> None:
        self._topic = topic
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=False, max_request_size=4_000_000
        )

    async def send(self, *messages: Message, partition: int = 0) -> list[int]:
        """Send one after the other; the offsets."""
        offsets = []
        for item in messages:
            if item.damaged_name:
                confirmation = await self._send_batch(item, partition)
            else:
                confirmation = await self._producer.send(
                    self._topic, item.value, key=item.key, headers=item.headers, partition=partition
                )
            offsets.append(cast("int", (await confirmation).offset))
        return offsets

    async def _send_batch(self, item: Message, partition: int) -> Any:
        """A record with a header whose name is not UTF-8, which the client itself would refuse to write."""
        batch = self._producer.create_batch()
        builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, 0, 1_000_000)
        builder.append(0, None, item.key, item.value, [*item.headers, (_Undecodable(), b"1")])
        batch._builder, batch._relative_offset = builder, 1
        batch.close()
        return await self._producer.send_batch(batch, self._topic, partition=partition)

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._producer.stop()


class _Undecodable(str):
    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return DAMAGED_NAME
