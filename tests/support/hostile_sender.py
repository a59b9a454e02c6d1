"""A program that sends hostile requests at the rate one person is allowed, each until it is answered by more than 429.

A process of its own, and a nice one: what it costs to make and send them is not the product's. Reads an `Order` from
its input; prints a line for each answer.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from tests.support.hostile_requests import Attacker, Hostile, hostile_requests
from tests.support.places import places, settings_of

NICENESS = 10
ANSWER_SECONDS = 30.0
TOO_MANY, NO_ANSWER = 429, 0
STREAM = "text/event-stream"


class Order(msgspec.Struct):
    """Whom to send to, as whom, and for how long at most."""

    url: str
    settings: dict[str, str]
    attacker: Attacker
    per_second: float
    at_once: int
    most_seconds: float


class Answered(msgspec.Struct):
    """What became of one request; `status` 0: the connection ended without an answer."""

    place: str
    shape: str
    status: int
    began: float
    seconds: float


class Sender:
    """Several connections that take from one queue at one pace."""

    def __init__(self, order: Order, requests: list[Hostile]) -> None:
        self._order = order
        self._queue = deque(requests)
        self._waiting = len(requests)
        self._next = time.monotonic()
        self._ends = self._next + order.most_seconds

    async def send_all(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            await asyncio.gather(*(self._work(session) for _ in range(self._order.at_once)))

    async def _work(self, session: aiohttp.ClientSession) -> None:
        while self._waiting and time.monotonic() < self._ends:
            await self._pace()
            if not self._queue:
                continue
            request = self._queue.popleft()
            began = time.monotonic()
            status = await self._send(session, request)
            _print(Answered(request.place.name, request.shape, status, began, time.monotonic() - began))
            if status == TOO_MANY and request.again:
                self._queue.append(request)
            else:
                self._waiting -= 1

    async def _pace(self) -> None:
        now = time.monotonic()
        self._next = max(self._next, now) + 1 / self._order.per_second
        await asyncio.sleep(self._next - now)

    async def _send(self, session: aiohttp.ClientSession, request: Hostile) -> int:
        url = URL(self._order.url + request.path, encoded=True)
        options: dict[str, Any] = {"headers": request.headers, "data": request.body, "allow_redirects": False}
        try:
            async with session.request(request.place.method, url, **options) as answer:
                if answer.content_type != STREAM:
                    await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return NO_ANSWER


def _print(answered: Answered) -> None:
    sys.stdout.write(msgspec.json.encode(answered).decode() + "\n")


def main() -> None:
    """Says `ready` when everything is made, and begins when another line comes; without one it ends."""
    os.nice(NICENESS)
    order = msgspec.json.decode(sys.stdin.readline(), type=Order)
    requests = hostile_requests(places(settings_of(order.settings)), order.attacker)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if sys.stdin.readline():
        asyncio.run(Sender(order, requests).send_all())


if __name__ == "__main__":
    main()
