"""What this product needs of aiokafka beyond its public interface; seen with 0.14.

Each of these has a test that fails when the library does it by itself.

- Its fetcher decodes the names of headers strictly, before any hook: one record whose header name is not UTF-8 stops
  its partition for good.
- `getmany` drains one partition after the other; when a later one has bytes that cannot be read, it raises, and what it
  had drained is lost while its position has moved on.
- An idempotent producer tries to send for ever, `stop()` waits for that, and there is no public way to end it.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any, SupportsIndex

from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

CLOSE_SECONDS = 1.0
_LENGTH_AT = struct.calcsize(">q")
_BEFORE_BODY = struct.calcsize(">qi")


#: Notified of a partition whose next bytes cannot be read: partition, offset, error.
Unreadable = Callable[[int, int, Exception], None]
_unreadable: dict[str, Unreadable] = {}
#: Until they are fetched again.
UNREADABLE_SECONDS = 5.0


def read_undecodable_headers() -> None:
    """Let every consumer of this process read such records; safe to repeat.

    A batch that the library cannot decode is read again, with the damaged bytes of names as surrogate escapes.
    """
    fetcher.MemoryRecords = UndecodableRecords


def keep_what_was_drained(topic: str, notify: Unreadable) -> None:
    """Let a partition of the topic with unreadable bytes hold up itself only, and notify of it; safe to repeat."""
    _unreadable[topic] = notify
    fetcher.FetchResult = SeparateFetchResult


async def abandon(producer: AIOKafkaProducer) -> None:
    """End a producer that does not stop, and fail what it still holds.

    Left alone, each outage would leave one more behind, all of them connecting to the broker and sending when it
    opens.
    """
    with contextlib.suppress(TimeoutError, KafkaError):
        await asyncio.wait_for(producer._sender.close(), timeout=CLOSE_SECONDS)  # noqa: SLF001 - see the module
    producer._message_accumulator.fail_all(KafkaError("given up"))  # noqa: SLF001 - see the module
    await producer.client.close()


class SeparateFetchResult(fetcher.FetchResult):  # type: ignore[misc] # aiokafka has no types
    """What was fetched of one partition; fails by itself, without a loss for the others."""

    _fetched_again_at = 0.0

    def getall(self, max_records: int | None = None) -> list[ConsumerRecord[bytes, bytes]]:
        if self._fetched_again_at:
            return []
        try:
            records: list[ConsumerRecord[bytes, bytes]] = super().getall(max_records)
        except Exception as error:
            partition: TopicPartition = self._topic_partition
            if partition.topic not in _unreadable:
                raise
            self._fetched_again_at = time.monotonic() + UNREADABLE_SECONDS
            position = self._assignment.state_value(partition).position
            _unreadable[partition.topic](partition.partition, position, error)
            return []
        return records

    def has_more(self) -> bool:
        if self._fetched_again_at:
            return time.monotonic() < self._fetched_again_at
        return bool(super().has_more())


class UndecodableRecords:
    """The batches of one fetch answer, in the shape the fetcher expects."""

    def __init__(self, data: bytes) -> None:
        self._strict = MemoryRecords(data)
        self._data = memoryview(data)

    def size_in_bytes(self) -> int:
        return int(self._strict.size_in_bytes())

    def has_next(self) -> bool:
        return bool(self._strict.has_next())

    def next_batch(self) -> _Batch:
        (length,) = struct.unpack_from(">i", self._data, _LENGTH_AT)
        end = _BEFORE_BODY + length
        raw, self._data = self._data[:end], self._data[end:]
        return _Batch(self._strict.next_batch(), raw)


class _Batch:
    """One batch, read the fast way until that fails."""

    def __init__(self, strict: Any, raw: memoryview) -> None:
        self._strict = strict
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._strict, name)

    def __next__(self) -> Any:
        return next(self._strict)

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._strict
        except UnicodeDecodeError:
            yield from _LenientBatch(self._raw)  # the fetcher skips the offsets it has seen


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc] # final for its type checker only; the lock pins it
    _buffer: bytearray

    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer = _LenientBytes(self._buffer)


class _LenientBytes(bytearray):
    """Slices of it decode whatever they hold."""

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        found = super().__getitem__(index)
        return _LenientBytes(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> str:
        return super().decode(encoding, errors)
