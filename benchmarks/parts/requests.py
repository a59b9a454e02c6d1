"""Every route beside the bare baseline and beside PostgreSQL alone: closed loop, open loop, memory, start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from opsdash_local.services import SERVICES, TICKETS

from benchmarks.bare import Bare
from benchmarks.bench_stack import BenchStack
from benchmarks.findings import Cell, Findings, Table, Target
from benchmarks.measuring import Measured, least_cpu_ms, measure
from benchmarks.options import Options
from benchmarks.processor import resident_mib
from benchmarks.requests import Scenario, scenarios
from benchmarks.seeding import SMALL, filled, some_ticket_ids
from benchmarks.straight import pgbench, scripts

CONNECTIONS = 16
OPEN_SHARE = 0.5  # of what the closed loop reached
MOST_P99 = 2  # times the p50
MOST_MIB = 120
MOST_START_SECONDS = 2


@dataclass(frozen=True)
class Compared:
    """One scenario: rounds of product and baseline in turn, the median of each, and the ratio of the least CPU-ms."""

    scenario: Scenario
    product: Measured
    baseline: Measured
    ratio: float
    straight: float | None

    @property
    def spread(self) -> float:
        return round(self.product.latency.p99 / self.product.latency.p50, 1)


def run(options: Options) -> Findings:
    with filled(options.port, options.data / "small", SMALL) as stack:
        stack.start_services()
        found = scenarios(asyncio.run(stack.token()), asyncio.run(some_ticket_ids(stack)))
        with Bare(stack) as bare:
            compared = [_compare(stack, bare, scenario, options) for scenario in found]
        open_loop = [_open_loop(stack, entry, options) for entry in compared]
        memory = resident_mib(stack.processes())
        starts = stack.start_seconds
    tables = [_closed_loop(compared), _costs(compared), _open_table(open_loop), _processes(starts, memory)]
    mib = max(memory[service.name] for service in SERVICES)
    return Findings(
        tables,
        [
            *(Target.at_most(f"{e.scenario.name}: CPU-ms, times the baseline's", e.scenario.most, e.ratio)
              for e in compared),
            *(Target.at_most(f"{e.scenario.name}: p99 / p50", MOST_P99, e.spread) for e in compared),
            Target.at_most("resident memory of the largest service after the run", MOST_MIB, mib, " MiB"),
            Target.at_most("start of the slowest service", MOST_START_SECONDS, max(starts.values()), " s"),
        ],
    )  # fmt: skip


def _compare(stack: BenchStack, bare: Bare, scenario: Scenario, options: Options) -> Compared:
    """Round by round in turn, so that whatever else the machine does meets both alike."""
    rounds = [_round(stack, bare, scenario, options) for _ in range(options.rounds)]
    product, baseline = zip(*rounds, strict=True)
    ratio = round(least_cpu_ms(product) / least_cpu_ms(baseline), 2)
    straight = None
    if script := scripts().get(scenario.name):
        straight = pgbench(stack.database_url(TICKETS), script, connections=CONNECTIONS, seconds=int(options.seconds))
    return Compared(scenario, _median(product), _median(baseline), ratio, straight)


def _round(stack: BenchStack, bare: Bare, scenario: Scenario, options: Options) -> tuple[Measured, Measured]:
    expected, seconds = scenario.expected, options.seconds
    product = measure(stack.url, scenario.product, stack.processes, expected, seconds=seconds, settled=scenario.writes)
    baseline = measure(bare.url, scenario.baseline, bare.processes, expected.without_text(), seconds=seconds)
    return product, baseline


def _median(rounds: Sequence[Measured]) -> Measured:
    return sorted(rounds, key=lambda measured: measured.per_second)[len(rounds) // 2]


def _open_loop(stack: BenchStack, entry: Compared, options: Options) -> tuple[str, Measured]:
    rate, scenario = round(entry.product.per_second * OPEN_SHARE), entry.scenario
    measured = measure(
        stack.url, scenario.product, stack.processes, scenario.expected,
        seconds=options.seconds, rate=rate, connections=64, settled=scenario.writes,
    )  # fmt: skip
    return f"{scenario.name} at {rate}/s", measured


def _closed_loop(compared: Sequence[Compared]) -> Table:
    columns = (
        "scenario", "req/s", "baseline req/s", "p50 ms", "p95 ms", "p99 ms", "p99 / p50", "CPU-ms", "baseline CPU-ms",
        "times the baseline's", "wanted", "straight on PostgreSQL req/s",
    )  # fmt: skip
    rows: list[Sequence[Cell]] = [
        (
            e.scenario.name, round(e.product.per_second), round(e.baseline.per_second), *e.product.latency.shown(),
            e.spread, round(e.product.cpu_ms_total, 2), round(e.baseline.cpu_ms_total, 2), e.ratio,
            f"≤ {e.scenario.most}",
            None if e.straight is None else round(e.straight),
        )
        for e in compared
    ]  # fmt: skip
    return Table(f"Closed loop, {CONNECTIONS} connections, beside the bare two-hop baseline", columns, rows)


def _costs(compared: Sequence[Compared]) -> Table:
    rows = [(entry.scenario.name, entry.product.cost_of_each, entry.baseline.cost_of_each) for entry in compared]
    return Table("CPU-ms per request and process", ("scenario", "product", "baseline"), rows)


def _open_table(found: Sequence[tuple[str, Measured]]) -> Table:
    rows = [(name, round(measured.per_second), *measured.latency.shown()) for name, measured in found]
    columns = ("scenario", "answered/s", "p50 ms", "p95 ms", "p99 ms")
    return Table("Open loop, latency from the intended moment of sending", columns, rows)


def _processes(starts: dict[str, float], memory: dict[str, float]) -> Table:
    rows = [(name, starts.get(name), mib) for name, mib in memory.items()]
    return Table("Processes", ("process", "start s", "resident MiB after the run"), rows)
