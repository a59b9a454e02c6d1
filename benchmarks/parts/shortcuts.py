"""What the two shortcuts of the chassis are worth: services with and without each on the same database, in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.findings import Cell, Findings, Table
from benchmarks.measuring import Measured
from benchmarks.options import Options
from benchmarks.runners import SCENARIOS, SERVICES, compare

#: By the module that starts a service; None: the service's own.
RUNNERS = {
    "as it is": None,
    "without connections.py": "benchmarks.without.connections",
    "without joined_writes.py": "benchmarks.without.joined_writes",
}


def run(options: Options) -> Findings:
    found = compare(RUNNERS, options)
    rows = [_row(scenario, kind, found) for scenario in SCENARIOS for kind in RUNNERS]
    columns = ("scenario", "services", "req/s", "p50 ms", "p95 ms", "p99 ms", "our CPU-ms", "more than as it is")
    note = "16 connections; processor time of gateway, tickets and comments a request, the least of the rounds."
    return Findings([Table("The lending of connections and the joining of writes", columns, rows, note)])


def _row(scenario: str, kind: str, found: Mapping[tuple[str, str], Sequence[Measured]]) -> Sequence[Cell]:
    rounds, cost = found[scenario, kind], _least(found[scenario, kind])
    middle = sorted(rounds, key=lambda measured: measured.per_second)[len(rounds) // 2]
    more = cost / _least(found[scenario, "as it is"]) - 1
    rate = round(median(measured.per_second for measured in rounds))
    return scenario, kind, rate, *middle.latency.shown(), round(cost, 2), f"{more:+.0%}"


def _least(rounds: Sequence[Measured]) -> float:
    return min(sum(measured.cpu_ms[name] for name in SERVICES) for measured in rounds)
