"""People of another org who work meanwhile, and probes that ask whether a service lives: what both of them see."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp

from tests.support.service_process import ServiceProcess

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
