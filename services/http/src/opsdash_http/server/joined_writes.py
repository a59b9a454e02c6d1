"""Sends together what the server writes apart: the head of an answer and its body.

Written one by one they are two system calls, two packets and two wake-ups of whoever reads, on every hop of a request.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Transport
from typing import Any

#: More is handed over at once, so that the transport can tell a fast writer to wait for a slow reader.
MOST_BYTES = 64 * 1024


class JoinedWrites:
    """A transport whose writes of one turn of the event loop leave as one; everything else is the transport's own."""

    def __init__(self, transport: Transport, loop: AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._pieces:
            self._loop.call_soon(self._send)
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            self._send()

    def close(self) -> None:
        self._send()
        self._transport.close()

    def _send(self) -> None:
        if self._pieces:
            joined = b"".join(self._pieces)
            self._pieces.clear()
            self._bytes = 0
            self._transport.write(joined)
