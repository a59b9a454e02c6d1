"""Reads Kafka records whose header names are not UTF-8.

The client library decodes header names strictly inside its fetcher, before any hook of ours: one such record would
stop its partition for good. A batch it cannot decode is read again, damaged names kept as surrogate escapes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any, SupportsIndex

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from opsdash_contracts.envelope import Event, EventData, InvalidMessage, decode

_LENGTH_AT = struct.calcsize(">q")
_BEFORE_BODY = struct.calcsize(">qi")


def read_leniently() -> None:
    """Let every consumer of this process read such records; safe to repeat."""
    fetcher.MemoryRecords = LenientRecords


def readable(name: str) -> str:
    r"""A header name that can be sent again: bytes that are not UTF-8 become `\xNN`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def is_damaged(name: str) -> bool:
    """Whether the name was not UTF-8 on the wire."""
    return not name.isascii() and any("\ud800" <= character <= "\udfff" for character in name)


def decode_record(headers: Iterable[tuple[str, bytes]], key: bytes | None, value: bytes | None) -> Event[EventData]:
    """Like `decode`; a header name that was not UTF-8 makes the message invalid too."""
    headers = list(headers)
    if any(is_damaged(name) for name, _ in headers):
        raise InvalidMessage("headers-not-utf8", "the name of a header is not UTF-8")
    return decode(headers, key, value)


class LenientRecords:
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
