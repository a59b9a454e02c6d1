"""One keep-alive HTTP/1.1 connection that costs the client next to nothing: bytes out, status and length in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\ncontent-length:"
_STATUS = slice(9, 12)

#: Told the status of each answer, in order, and whether its body holds the wanted text.
Answered = Callable[["Wire", int, bool], None]


class Wire(asyncio.Protocol):
    """Sends prepared requests one at a time; answers must have a Content-Length, as all of ours have."""

    def __init__(self, answered: Answered, wanted: bytes = b"") -> None:
        self._answered = answered
        self._wanted = wanted
        self._buffer = b""
        self._body = b""
        self._missing = 0
        self._status = 0
        self._transport: asyncio.Transport | None = None
        self.sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class is not a subclass

    def send(self, request: bytes, at: float) -> None:
        """`at` is the moment its latency counts from."""
        assert self._transport is not None  # noqa: S101 - connected before it is used
        self.sent_at = at
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
            if self._wanted:
                self._body += data
        else:
            self._head(self._buffer + data)
        if not self._missing and self._status:
            status, self._status = self._status, 0
            self._answered(self, status, self._wanted in self._body)

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None or self._missing:
            raise ConnectionError("the server closed a connection in the middle of an answer") from exc

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _head(self, data: bytes) -> None:
        end = data.find(_HEAD_END)
        if end < 0:
            self._buffer = data
            return
        head = data[:end].lower()
        place = head.find(_LENGTH)
        if place < 0:
            raise ConnectionError("an answer without a Content-Length")
        length = int(head[place + len(_LENGTH) :].partition(b"\r\n")[0])
        self._buffer = b""
        self._status = int(data[_STATUS])
        self._body = data[end + len(_HEAD_END) :]
        self._missing = length - len(self._body)


async def connect(host: str, port: int, answered: Answered, wanted: bytes = b"") -> Wire:
    _, wire = await asyncio.get_running_loop().create_connection(lambda: Wire(answered, wanted), host, port)
    return wire
