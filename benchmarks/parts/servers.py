"""uvicorn, as we run it, beside granian: the same services on the same database, in turn.

granian is not among our dependencies; this part is measured only when asked for, after
`.venv/bin/uv pip install granian`, by `.venv/bin/python -m benchmarks --only servers`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

from opsdash_local.services import COMMENTS, GATEWAY, TICKETS

from benchmarks.bench_stack import BenchStack
from benchmarks.findings import Cell, Findings, Table
from benchmarks.measuring import Measured, measure
from benchmarks.options import Options
from benchmarks.requests import Scenario, scenarios
from benchmarks.seeding import SMALL, filled

#: By the module that starts a service; None: the service's own.
SERVERS = {"uvicorn": None, "granian": "benchmarks.under_granian"}
NAMES = ("list, 25 rows", "detail", "create")
SERVICES = (GATEWAY.name, TICKETS.name, COMMENTS.name)


def run(options: Options) -> Findings:
    found: defaultdict[tuple[str, str], list[Measured]] = defaultdict(list)
    with filled(options.port, options.data / "small", SMALL) as stack:
        for _ in range(options.rounds):
            for server, stack.runner in SERVERS.items():
                stack.start_services()
                for scenario in scenarios(asyncio.run(stack.token()), []):
                    if scenario.name in NAMES:
                        found[scenario.name, server].append(_measured(stack, scenario, options))
                stack.stop_services()
    best = {key: max(rounds, key=lambda measured: measured.per_second) for key, rounds in found.items()}
    rows: list[Sequence[Cell]] = [
        (scenario, server, round(each.per_second), *each.latency.shown(), *(each.cpu_ms[name] for name in SERVICES))
        for (scenario, server), each in sorted(best.items())
    ]
    columns = ("scenario", "server", "req/s", "p50 ms", "p95 ms", "p99 ms", *(f"{name} CPU-ms" for name in SERVICES))
    note = "Every service under the one or the other, 16 connections, the best of the rounds."
    return Findings([Table("uvicorn and granian", columns, rows, note)])


def _measured(stack: BenchStack, scenario: Scenario, options: Options) -> Measured:
    return measure(
        stack.url, scenario.product, stack.processes, scenario.expected,
        seconds=options.seconds, settled=scenario.writes,
    )  # fmt: skip
