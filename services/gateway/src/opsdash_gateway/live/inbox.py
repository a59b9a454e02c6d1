"""The number at one reader's bell: asked for with their own rights when it may have changed, one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from opsdash_gateway.live.signals import Signal

Ask = Callable[[], Awaitable[int | None]]


class UnreadCount:
    """Not part of the org's feed: it concerns one person, and only its newest value is worth anything.

    `on_answer` is called when there is something to write.
    """

    def __init__(self, ask: Ask, on_answer: Callable[[], None]) -> None:
        self._ask = ask
        self._on_answer = on_answer
        self._asking: asyncio.Task[None] | None = None
        self._stale = False
        self._unwritten: int | None = None

    def look(self) -> None:
        """It may have changed. While a question is on its way, another one follows it."""
        self._stale = True
        if self._asking is None:
            self._asking = asyncio.create_task(self._look())

    def news(self) -> bytes:
        """What the reader does not have yet. It has no id: nothing resumes from it."""
        unread, self._unwritten = self._unwritten, None
        return b"" if unread is None else Signal.of("inbox", unread=unread).written()

    def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()

    async def _look(self) -> None:
        try:
            while self._stale:
                self._stale = False
                self._unwritten = await self._ask()
                self._on_answer()
        finally:
            self._asking = None
