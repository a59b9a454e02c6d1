"""Setting a message aside byte for byte, with where it came from and why."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import uuid_utils.compat as uuid_utils
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError
from opsdash_contracts.topics import dead_letter_topic

from opsdash_chassis.kafka.clients import SEND_DEADLINE_SECONDS, start_producer, stop_producer
from opsdash_chassis.kafka.limits import MAXIMUM_BYTES
from opsdash_chassis.kafka.undecodable_headers import readable
from opsdash_chassis.settings import KafkaSettings

PREFIX = "dl_"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that was set aside. `headers`, `key` and `value` are the original bytes."""

    id: UUID
    group: str
    topic: str
    partition: int
    offset: int
    set_aside_at: datetime
    reason: str
    detail: str
    headers: list[tuple[str, bytes]]
    key: bytes | None
    value: bytes | None

    @property
    def event_id(self) -> str:
        return self.header("ce_id")

    @property
    def event_type(self) -> str:
        return self.header("ce_type")

    def header(self, name: str) -> str:
        """The first header of that name, readable whatever its bytes are; empty when absent."""
        return next((value.decode("utf-8", "replace") for key, value in self.headers if key == name and value), "")


def to_headers(
    record: ConsumerRecord[bytes, bytes], *, group: str, reason: str, detail: str
) -> list[tuple[str, bytes]]:
    """The original headers followed by ours, which start with `dl_`. Names must be UTF-8 to be sent: see `readable`."""
    ours = {
        "id": str(uuid_utils.uuid7()),
        "group": group,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "at": datetime.now(UTC).isoformat(),
        "reason": reason,
        "detail": detail[:1000],
    }
    return [
        *((readable(name), value) for name, value in record.headers),
        *((PREFIX + name, value.encode("utf-8", "replace")) for name, value in ours.items()),
    ]


def from_record(record: ConsumerRecord[bytes, bytes]) -> DeadLetter:
    """Read a record of a dead-letter topic back; ours are the last eight headers."""
    ours = {name.removeprefix(PREFIX): value.decode() for name, value in record.headers[-8:]}
    return DeadLetter(
        id=UUID(ours["id"]),
        group=ours["group"],
        topic=ours["topic"],
        partition=int(ours["partition"]),
        offset=int(ours["offset"]),
        set_aside_at=datetime.fromisoformat(ours["at"]),
        reason=ours["reason"],
        detail=ours["detail"],
        headers=list(record.headers[:-8]),
        key=record.key,
        value=record.value,
    )


class DeadLetterPublisher:
    """Publishes to `<service>.<topic>.dead-letters`; the producer is made on first use and again after a failure."""

    def __init__(self, settings: KafkaSettings, *, service: str) -> None:
        self._settings = settings
        self._service = service
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def publish(self, record: ConsumerRecord[bytes, bytes], *, group: str, reason: str, detail: str) -> None:
        """Return only after the broker confirmed. Raises KafkaError, OSError or TimeoutError."""
        headers = to_headers(record, group=group, reason=reason, detail=detail)
        async with self._lock:
            try:
                async with asyncio.timeout(SEND_DEADLINE_SECONDS):
                    if self._producer is None:
                        self._producer = await start_producer(self._settings, largest=MAXIMUM_BYTES)
                    topic = dead_letter_topic(self._service, record.topic)
                    await self._producer.send_and_wait(topic, record.value, key=record.key, headers=headers)
            except (KafkaError, OSError, TimeoutError):
                await self._close()
                raise

    async def close(self) -> None:
        async with self._lock:
            await self._close()

    async def _close(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            await stop_producer(producer)
