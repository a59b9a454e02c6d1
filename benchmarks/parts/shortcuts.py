"""What the two shortcuts of the chassis are worth: services with and without each on the same database, in turn."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from opsdash_local.services import COMMENTS, GATEWAY, TICKETS

from benchmarks.bench_stack import BenchStack
from benchmarks.findings import Cell, Findings, Table
from benchmarks.measuring import Measured, measure
from benchmarks.options import Options
from benchmarks.requests import Scenario, scenarios
from benchmarks.seeding import SMALL, filled

#: By the module that starts a service; None: the service's own.
SERVICES = {
    "as it is": None,
    "without connections.py": "benchmarks.without.connections",
    "without joined_writes.py": "benchmarks.without.joined_writes",
}
NAMES = ("list, 25 rows", "detail", "create")
PROCESSES = (GATEWAY.name, TICKETS.name, COMMENTS.name)


def run(options: Options) -> Findings:
    found: defaultdict[tuple[str, str], list[Measured]] = defaultdict(list)
    with filled(options.port, options.data / "small", SMALL) as stack:
        for _ in range(options.rounds):
            for kind, stack.runner in SERVICES.items():
                stack.start_services()
                for scenario in scenarios(asyncio.run(stack.token()), []):
                    if scenario.name in NAMES:
                        found[scenario.name, kind].append(_measured(stack, scenario, options))
                stack.stop_services()
    rows = [_row(scenario, kind, found) for scenario in NAMES for kind in SERVICES]
    columns = ("scenario", "services", "req/s", "p50 ms", "p95 ms", "p99 ms", "our CPU-ms", "more than as it is")
    note = "16 connections; processor time of gateway, tickets and comments a request, the least of the rounds."
    return Findings([Table("The lending of connections and the joining of writes", columns, rows, note)])


def _row(scenario: str, kind: str, found: dict[tuple[str, str], list[Measured]]) -> Sequence[Cell]:
    rounds, cost = found[scenario, kind], _least(found[scenario, kind])
    middle = sorted(rounds, key=lambda measured: measured.per_second)[len(rounds) // 2]
    more = cost / _least(found[scenario, "as it is"]) - 1
    rate = round(median(measured.per_second for measured in rounds))
    return scenario, kind, rate, *middle.latency.shown(), round(cost, 2), f"{more:+.0%}"


def _least(rounds: Sequence[Measured]) -> float:
    return min(sum(measured.cpu_ms[name] for name in PROCESSES) for measured in rounds)


def _measured(stack: BenchStack, scenario: Scenario, options: Options) -> Measured:
    return measure(
        stack.url, scenario.product, stack.processes, scenario.expected,
        seconds=options.seconds, settled=scenario.writes,
    )  # fmt: skip
