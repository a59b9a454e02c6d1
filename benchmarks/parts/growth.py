"""Whether reads of one org get slower when the database holds ten times as much of others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks.bench_stack import BenchStack
from benchmarks.findings import Findings, Table, Target
from benchmarks.measuring import measure
from benchmarks.options import Options
from benchmarks.requests import Scenario, growth_reads
from benchmarks.seeding import SMALL, filled
from benchmarks.workspace import MEDIUM

WANTED_PER_CENT = 20


def run(options: Options) -> Findings:
    """One request after the other, in turn against a stack on the small and one on the grown database."""
    with (
        filled(options.port, options.data / "small", SMALL) as small,
        filled(options.port + 20, options.data / "grown", options.grown) as grown,
    ):
        stacks = (small, grown)
        for stack in stacks:
            stack.start_services()
        reads = [growth_reads(asyncio.run(stack.token())) for stack in stacks]
        p50s = [_p50s(stacks, pair, options) for pair in zip(*reads, strict=True)]
    names = [scenario.name for scenario in reads[0]]
    changes = [round((after / before - 1) * 100) for before, after in p50s]
    rows = [
        (name, round(before, 2), round(after, 2), f"{change:+} %")
        for name, (before, after), change in zip(names, p50s, changes, strict=True)
    ]
    columns = ("read", f"p50 ms, {SMALL:,} tickets", f"p50 ms, {options.grown:,} tickets", "change")
    note = f"An org of {MEDIUM.tickets:,} tickets through the gateway, one connection; the best of the rounds' p50."
    targets = [
        Target(f"{name}: p50 with {options.grown / SMALL:g} times the tickets", f"< +{WANTED_PER_CENT} %",
               f"{change:+} %", change < WANTED_PER_CENT)
        for name, change in zip(names, changes, strict=True)
    ]  # fmt: skip
    return Findings([Table("p50 in one org", columns, rows, note)], targets)


def _p50s(stacks: Sequence[BenchStack], scenarios: Sequence[Scenario], options: Options) -> tuple[float, float]:
    found: list[list[float]] = [[], []]
    for _ in range(options.rounds):
        for stack, scenario, p50s in zip(stacks, scenarios, found, strict=True):
            measured = measure(
                stack.url, scenario.product, stack.processes, scenario.expected, seconds=options.seconds, connections=1
            )
            p50s.append(measured.latency.p50)
    return min(found[0]), min(found[1])
