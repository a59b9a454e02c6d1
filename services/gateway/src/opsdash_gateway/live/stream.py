"""One open stream: writes signals as they come, a comment when none do, and asks the upstream again now and then."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from opsdash_http.asgi import Receive, Send

from opsdash_gateway.live import metrics
from opsdash_gateway.live.feed import Feed
from opsdash_gateway.live.inbox import Ask, UnreadCount

KEEPALIVE_SECONDS = 15.0
#: The first look is early: the upstream may have been a moment behind when the stream was opened.
FIRST_CHECK_SECONDS = 3.0
CHECK_SECONDS = 60.0
#: How long a client that does not read may hold up the end of its stream.
LAST_WORD_SECONDS = 1.0
RETRY_MILLISECONDS = (1000, 3000)

_KEEPALIVE = b": keepalive\n\n"
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def _unknown() -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, until when their token lasts (seconds since 1970), and how to learn whether they still may.

    `is_over` tells whether the session of a page has been ended, `unread` how much of their inbox is unread.
    """

    user_id: UUID
    member_id: UUID
    expires_at: float
    still_allowed: Callable[[], Awaitable[bool]]
    is_over: Callable[[], bool] = lambda: False
    unread: Ask = _unknown


class Stream:
    """Reads one org's feed for one reader until either side ends it."""

    def __init__(self, feed: Feed[Stream], reader: Reader, last_event_id: str | None) -> None:
        self.reader = reader
        self._feed = feed
        self._position: int | None = feed.last if last_event_id is None else feed.number_of(last_event_id)
        self._reason_lost = "unknown-id"
        self._awake = asyncio.Event()
        self._inbox = UnreadCount(reader.unread, self.wake)
        self._ended = False
        self._writer: asyncio.Task[None] | None = None
        self._check_at = time.monotonic() + FIRST_CHECK_SECONDS

    async def run(self, receive: Receive, send: Send) -> None:
        """Until the client leaves or `end` is called."""
        self._inbox.look()
        self._writer = asyncio.create_task(self._write(send))
        watcher = asyncio.create_task(_client_left(receive))
        try:
            await asyncio.wait({self._writer, watcher}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._inbox.close()
            self._writer.cancel()
            watcher.cancel()
            await asyncio.wait({self._writer, watcher})
        if not self._writer.cancelled():
            self._writer.result()

    def wake(self) -> None:
        self._awake.set()

    def inbox_changed(self) -> None:
        """The reader has been told something, or has read it."""
        self._inbox.look()

    def lose_track(self) -> None:
        self._position, self._reason_lost = None, "gap"
        self.wake()

    def end(self, reason: str) -> None:
        """Stop writing now; a client that does not take even that is left alone after a moment."""
        if self._ended:
            return
        metrics.ENDED.labels(reason).inc()
        self._ended = True
        self.wake()
        if self._writer:
            asyncio.get_running_loop().call_later(LAST_WORD_SECONDS, self._writer.cancel)

    async def _write(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
        retry = random.randint(*RETRY_MILLISECONDS)  # noqa: S311 - spreads reconnections, no secret
        start = self._feed.last if self._position is None else self._position
        await _send(send, f"retry: {retry}\nid: {self._feed.id_of(start)}\n\n".encode())
        while not self._ended:
            self._awake.clear()
            if chunk := self._news() + self._inbox.news():
                await _send(send, chunk)
            elif not await self._woken():
                await _send(send, _KEEPALIVE)
            await self._check()
        await send({"type": "http.response.body", "body": b""})

    def _news(self) -> bytes:
        """What the reader does not have yet; the order to load everything when that is not known."""
        chunk = None if self._position is None else self._feed.after(self._position)
        if chunk is None:
            reason = self._reason_lost if self._position is None else "too-slow"
            metrics.RESYNCS.labels(reason).inc()
            chunk = self._feed.resync()
        self._position = self._feed.last
        return chunk

    async def _woken(self) -> bool:
        """False when nothing happened for a while, or it is time for a check."""
        until_check = min(self._check_at - time.monotonic(), self.reader.expires_at - time.time())
        try:
            async with asyncio.timeout(max(0.0, min(KEEPALIVE_SECONDS, until_check))):
                await self._awake.wait()
        except TimeoutError:
            return False
        return True

    async def _check(self) -> None:
        if time.time() >= self.reader.expires_at:
            self.end("expired")
        elif time.monotonic() >= self._check_at:
            self._check_at = time.monotonic() + CHECK_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load
            if not await self.reader.still_allowed():
                self.end("not-allowed")


async def _send(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _client_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
