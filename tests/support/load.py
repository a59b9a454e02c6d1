"""Load on a gateway: a program that sends hostile requests, workers of another org meanwhile, liveness probes.

A process of its own, and a nice one: what it costs to make and send them is not the product's. Reads an `Order` from
its input; prints a line for each answer.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from tests.support.hostile_requests import Attacker, Hostile, hostile_requests
from tests.support.service_process import ServiceProcess
from tests.support.services import gateway_settings, places

LIVENESS_SECONDS = 5.0  # as deploy/k8s/base/patches/deployment.yaml has it
PROBED_EVERY_SECONDS = 0.5
SECONDS_BETWEEN = 0.1


@dataclass
class Seen:
    """The answers of a while: when each was asked for and how long it took, and those that were no success."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """Seconds."""
        return sorted(seconds for _, seconds in self.answers)[int(len(self.answers) * 0.99)]

    def split(self, spans: Sequence[tuple[float, float]]) -> tuple[Seen, Seen]:
        """What lies in one of these spans of time as a whole, and the others, with all that was refused."""
        inside = [any(start <= at and at + took <= end for start, end in spans) for at, took in self.answers]
        within = [answer for answer, is_inside in zip(self.answers, inside, strict=True) if is_inside]
        others = [answer for answer, is_inside in zip(self.answers, inside, strict=True) if not is_inside]
        return Seen(within), Seen(others, self.refused)


@dataclass
class Worker:
    """One person: lists, reads a ticket, comments on another one, ten times a second."""

    url: str
    slug: str
    headers: dict[str, str]
    read: int
    commented: int

    async def work(self, seen: Seen, stop: asyncio.Event) -> None:
        tickets = f"{self.url}/api/orgs/{self.slug}/tickets"
        calls = [
            ("GET", tickets, None),
            ("GET", f"{tickets}/{self.read}", None),
            ("POST", f"{tickets}/{self.commented}/comments", {"body": "Nothing *special*."}),
        ]
        async with aiohttp.ClientSession(headers=self.headers) as session:
            while not stop.is_set():
                for method, url, body in calls:
                    await self._call(session, seen, method, url, body)
                    await asyncio.sleep(SECONDS_BETWEEN)

    @staticmethod
    async def _call(
        session: aiohttp.ClientSession, seen: Seen, method: str, url: str, body: dict[str, str] | None
    ) -> None:
        began = time.monotonic()
        async with session.request(method, url, json=body) as answer:
            text = await answer.text()
        seen.answers.append((began, time.monotonic() - began))
        if not answer.ok or '"status":"unavailable"' in text:
            seen.refused.append(f"{method} {url}: {answer.status} {text[:200]}")


async def work_meanwhile(workers: Iterable[Worker], stop: asyncio.Event) -> Seen:
    """Until the event is set."""
    seen = Seen()
    await asyncio.gather(*(worker.work(seen, stop) for worker in workers))
    return seen


async def probe(service: ServiceProcess, stop: asyncio.Event) -> list[int | None]:
    """The statuses of its liveness route, as the kubelet asks for it."""
    statuses = []
    while not stop.is_set():
        statuses.append(await asyncio.to_thread(service.status_of, "/livez", LIVENESS_SECONDS))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PROBED_EVERY_SECONDS)
    return statuses


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
    requests = hostile_requests(places(gateway_settings(order.settings)), order.attacker)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if sys.stdin.readline():
        asyncio.run(Sender(order, requests).send_all())


if __name__ == "__main__":
    main()
