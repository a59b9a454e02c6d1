"""The load generator, a process of its own: an order on standard input, what was measured on standard output.

Closed loop: each of N connections sends its next request when the last is answered. Open loop: requests leave at a
fixed rate, whatever the server does, and latency counts from the moment a request should have left.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

import msgspec
import uvloop

from benchmarks.figures import Latency, schedule
from benchmarks.wire import Wire, connect


class Request(msgspec.Struct, frozen=True):
    """One request; `body` is JSON."""

    method: str
    path: str
    headers: dict[str, str] = {}
    body: str = ""

    def encode(self, host: str) -> bytes:
        payload = self.body.encode()
        headers = {"Host": host, **self.headers}
        if payload:
            headers |= {"Content-Type": "application/json", "Content-Length": str(len(payload))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self.method} {self.path} HTTP/1.1\r\n{head}\r\n".encode() + payload


class Expected(msgspec.Struct, frozen=True):
    """What every answer must be: a refusal is quick and must not look like speed."""

    status: int = 200
    contains: str = ""

    def without_text(self) -> Expected:
        return Expected(self.status)


class Order(msgspec.Struct, frozen=True):
    """What to send where, for how long. With a `rate` (requests a second) the loop is open."""

    url: str
    requests: list[Request]
    expected: Expected = Expected()
    connections: int = 16
    seconds: float = 5.0
    warm_up_seconds: float = 1.0
    rate: float | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What came of it; the processor time is the generator's own while it measured.

    `incomplete` counts answers of the right status without the text that must be in them.
    """

    answered: int
    seconds: float
    statuses: dict[int, int]
    incomplete: int
    latency: Latency
    processor_seconds: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


class _Run:
    """One order being carried out."""

    def __init__(self, requests: Iterable[bytes]) -> None:
        self._requests: Iterator[bytes] = itertools.cycle(requests)
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.incomplete = 0
        self.started = self.ended = self.processor = 0.0
        self._clock = time.perf_counter

    def begin_measuring(self) -> None:
        self.latencies.clear()
        self.statuses.clear()
        self.incomplete = 0
        self.started, self.processor = self._clock(), time.process_time()

    def end_measuring(self) -> None:
        self.ended, self.processor = self._clock(), time.process_time() - self.processor

    def note(self, wire: Wire, status: int, complete: bool) -> None:
        self.latencies.append(self._clock() - wire.sent_at)
        self.statuses[status] += 1
        self.incomplete += not complete

    def send(self, wire: Wire, at: float | None = None) -> None:
        wire.send(next(self._requests), self._clock() if at is None else at)

    def outcome(self) -> Outcome:
        return Outcome(
            answered=len(self.latencies),
            seconds=self.ended - self.started,
            statuses=dict(self.statuses),
            incomplete=self.incomplete,
            latency=Latency.of(self.latencies),
            processor_seconds=self.processor,
        )


async def carry_out(order: Order) -> Outcome:
    """Raises ConnectionError when the server hangs up."""
    address = urlsplit(order.url)
    run = _Run([request.encode(address.netloc) for request in order.requests])
    host, port = str(address.hostname), int(address.port or 80)
    await (_open_loop(run, order, host, port) if order.rate else _closed_loop(run, order, host, port))
    return run.outcome()


async def _closed_loop(run: _Run, order: Order, host: str, port: int) -> None:
    running = True

    def answered(wire: Wire, status: int, complete: bool) -> None:
        if running:
            run.note(wire, status, complete)
            run.send(wire)

    wanted = order.expected.contains.encode()
    wires = [await connect(host, port, answered, wanted) for _ in range(order.connections)]
    for wire in wires:
        run.send(wire)
    await asyncio.sleep(order.warm_up_seconds)
    run.begin_measuring()
    await asyncio.sleep(order.seconds)
    run.end_measuring()
    running = False
    await asyncio.sleep(0.2)  # the last answers
    for wire in wires:
        wire.close()


async def _open_loop(run: _Run, order: Order, host: str, port: int) -> None:
    assert order.rate is not None  # noqa: S101 - what makes the loop open
    waiting: deque[float] = deque()
    # In turn, so that none is idle for long: a server closes connections that never ask.
    idle: deque[Wire] = deque()

    def answered(wire: Wire, status: int, complete: bool) -> None:
        run.note(wire, status, complete)
        if waiting:
            run.send(wire, waiting.popleft())
        else:
            idle.append(wire)

    wanted = order.expected.contains.encode()
    idle += [await connect(host, port, answered, wanted) for _ in range(order.connections)]
    wires = list(idle)
    run.begin_measuring()
    for moment in schedule(order.rate, order.seconds, start=time.perf_counter()):
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        if idle:
            run.send(idle.popleft(), moment)
        else:
            waiting.append(moment)
    while len(idle) < len(wires):  # noqa: ASYNC110 - the last answers
        await asyncio.sleep(0.01)
    run.end_measuring()
    for wire in wires:
        wire.close()


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(carry_out(order))))


if __name__ == "__main__":
    main()
