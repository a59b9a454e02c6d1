"""One reader of the live stream that costs the client next to nothing: it notes when it was told of something."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult

_BLOCK_END = b"\n\n"
TICKET = b"event: ticket\n"
INBOX = b"event: inbox\n"
_OK = b"HTTP/1.1 200 "


class Listener(asyncio.Protocol):
    """Open from entering, when the first block of the stream has come, until leaving.

    Raises ConnectionError when anything but a stream is answered.
    """

    def __init__(self, address: SplitResult, path: str, headers: dict[str, str], *, signal: bytes = TICKET) -> None:
        head = "".join(f"{name}: {value}\r\n" for name, value in {"Host": address.netloc, **headers}.items())
        self._request = f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
        self._signal = signal
        self._address = str(address.hostname), int(address.port or 80)
        self._buffer = b""
        self._opened = asyncio.get_running_loop().create_future()
        self._told = asyncio.Event()
        self.times: list[float] = []

    async def __aenter__(self) -> Self:
        self._transport, _ = await asyncio.get_running_loop().create_connection(lambda: self, *self._address)
        self._transport.write(self._request)
        await self._opened
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.abort()

    async def told(self, count: int) -> None:
        """Until it was given that many of its signal."""
        while len(self.times) < count:
            self._told.clear()
            await self._told.wait()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self._buffer += data
        if not self._opened.done() and not self._open():
            return
        *blocks, self._buffer = self._buffer.split(_BLOCK_END)
        for block in blocks:
            if self._signal in block:
                self.times.append(now)
                self._told.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._opened.done():
            self._opened.set_exception(ConnectionError(f"no stream was answered: {exc}"))

    def _open(self) -> bool:
        """Whether the stream has begun."""
        if not self._buffer.startswith(_OK):
            self._opened.set_exception(ConnectionError(self._buffer.decode(errors="replace")))
        elif b"retry:" in self._buffer:
            self._opened.set_result(None)
            return True
        return False
