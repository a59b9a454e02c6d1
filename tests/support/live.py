"""A client of the live stream that remembers what it was told."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp


@dataclass(frozen=True)
class Told:
    """One message of the stream."""

    event: str
    id: str
    data: dict[str, Any]
    at: float


@dataclass
class LiveClient:
    """Opens one stream on entering, and closes the connection without a word on leaving."""

    url: str
    headers: dict[str, str]
    last_event_id: str | None = None
    told: list[Told] = field(default_factory=list)
    comments: int = 0
    retry: int | None = None
    answer: aiohttp.ClientResponse | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        resume = {"Last-Event-ID": self.last_event_id} if self.last_event_id else {}
        self._session = aiohttp.ClientSession(headers=self.headers | resume, timeout=aiohttp.ClientTimeout(total=None))
        self.answer = await self._session.get(self.url)
        self._reading = asyncio.create_task(self._read(self.answer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._session.close()

    def of(self, event: str) -> list[dict[str, Any]]:
        return [message.data for message in self.told if message.event == event]

    async def wait_for(self, event: str, count: int = 1, timeout: float = 30.0) -> list[dict[str, Any]]:
        deadline = time.monotonic() + timeout
        while len(self.of(event)) < count:
            assert time.monotonic() < deadline, f"{count} x {event} not told within {timeout} s, but {self.told}"
            await asyncio.sleep(0.01)
        return self.of(event)

    async def started(self, timeout: float = 30.0) -> Self:
        """The first block has come, so that changes from now on are told."""
        deadline = time.monotonic() + timeout
        while self.retry is None:
            assert not self.ended.is_set(), f"the stream ended before it started: {self.answer}"
            assert time.monotonic() < deadline, "the stream did not start"
            await asyncio.sleep(0.01)
        return self

    async def _read(self, answer: aiohttp.ClientResponse) -> None:
        fields: dict[str, str] = {}
        try:
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                else:
                    self._dispatch(fields)
                    fields = {}
        except aiohttp.ClientError:
            pass
        finally:
            self.ended.set()

    def _dispatch(self, fields: dict[str, str]) -> None:
        """As HTML says: an id counts even where there is nothing to dispatch."""
        self.last_event_id = fields.get("id", self.last_event_id)
        if "retry" in fields:
            self.retry = int(fields["retry"])
        if "" in fields:
            self.comments += 1
        if "data" in fields:
            message = Told(fields["event"], fields["id"], json.loads(fields["data"]), time.monotonic())
            self.told.append(message)
