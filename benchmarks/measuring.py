"""One measurement: the load generator as a child, the processor time of everybody meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.figures import Latency
from benchmarks.load import Expected, Order, Outcome, Request
from benchmarks.processor import Processes, processor_seconds

SETTLE_AT_MOST_SECONDS = 180
#: What a stack with nothing to do takes is below this share of one core.
IDLE_CORES = 0.2
SHOWN_MS = 0.005
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

    @property
    def cost_of_each(self) -> str:
        """CPU-ms by process, without those that had nothing to do."""
        return ", ".join(f"{name} {ms:.2f}" for name, ms in self.cpu_ms.items() if ms >= SHOWN_MS)


def least_cpu_ms(rounds: Sequence[Measured]) -> float:
    return min(measured.cpu_ms_total for measured in rounds)


def measure(
    url: str,
    requests: Sequence[Request],
    processes: Callable[[], Processes],
    expected: Expected,
    *,
    seconds: float,
    connections: int = 16,
    rate: float | None = None,
    settled: bool = False,
) -> Measured:
    """Raises SystemExit when anything but the expected was answered.

    `settled`: the work that events leave behind for consumers belongs to the cost, and is over when this returns.
    """
    sent = Order(url, list(requests), expected, connections=connections, seconds=seconds, rate=rate)
    before = processor_seconds(processes())
    outcome = _generate(sent)
    after = _when_settled(processes) if settled else processor_seconds(processes())
    if set(outcome.statuses) != {expected.status} or outcome.incomplete:
        lacking = f", {outcome.incomplete} without {expected.contains}" if outcome.incomplete else ""
        raise SystemExit(f"{requests[0].method} {requests[0].path}: answered {outcome.statuses}{lacking}")
    # The warm-up counts in the processor time of the servers, so it counts in the requests too.
    share = outcome.seconds / (outcome.seconds + (0 if sent.rate else sent.warm_up_seconds))
    cpu = {name: (after[name] - before.get(name, 0.0)) * share / outcome.answered * 1000 for name in after}
    cpu["load generator"] = outcome.processor_seconds / outcome.answered * 1000
    return Measured(outcome.per_second, outcome.latency, {name: round(value, 3) for name, value in cpu.items()})


def _when_settled(processes: Callable[[], Processes]) -> dict[str, float]:
    """Processor seconds of everybody once they have next to nothing to do."""
    after = processor_seconds(processes())
    for _ in range(SETTLE_AT_MOST_SECONDS):
        before = after
        time.sleep(1)
        after = processor_seconds(processes())
        if sum(after.values()) - sum(before.values()) < IDLE_CORES:
            return after
    raise SystemExit(f"consumers were still busy {SETTLE_AT_MOST_SECONDS} s after the last request")


def _generate(order: Order) -> Outcome:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=msgspec.json.encode(order),
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    return msgspec.json.decode(done.stdout, type=Outcome)
