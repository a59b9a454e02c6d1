"""One measurement: the load generator as a child, the processor time of everybody meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.figures import Latency
from benchmarks.load import Expected, Order, Outcome, Request
from benchmarks.processor import Processes, processor_seconds

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Measured:
    """One scenario against one target."""

    per_second: float
    latency: Latency
    cpu_ms: dict[str, float]

    @property
    def cpu_ms_total(self) -> float:
        return round(sum(self.cpu_ms.values()), 3)


def measure(
    url: str,
    requests: Sequence[Request],
    processes: Callable[[], Processes],
    expected: Expected,
    *,
    seconds: float,
    connections: int = 16,
    rate: float | None = None,
) -> Measured:
    """Raises SystemExit when anything but the expected was answered."""
    sent = Order(url, list(requests), expected, connections=connections, seconds=seconds, rate=rate)
    before = processor_seconds(processes())
    outcome = _generate(sent)
    after = processor_seconds(processes())
    if set(outcome.statuses) != {expected.status} or outcome.incomplete:
        lacking = f", {outcome.incomplete} without {expected.contains}" if outcome.incomplete else ""
        raise SystemExit(f"{requests[0].method} {requests[0].path}: answered {outcome.statuses}{lacking}")
    # The warm-up counts in the processor time of the servers, so it counts in the requests too.
    share = outcome.seconds / (outcome.seconds + (0 if sent.rate else sent.warm_up_seconds))
    cpu = {name: (after[name] - before.get(name, 0.0)) * share / outcome.answered * 1000 for name in after}
    cpu["load generator"] = outcome.processor_seconds / outcome.answered * 1000
    return Measured(outcome.per_second, outcome.latency, {name: round(value, 3) for name, value in cpu.items()})


def _generate(order: Order) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=msgspec.json.encode(order),
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    return msgspec.json.decode(done.stdout, type=Outcome)
