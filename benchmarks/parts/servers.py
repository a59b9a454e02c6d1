"""uvicorn, as we run it, beside granian: the same services on the same database, in turn.

granian is not among our dependencies; this part is measured only when asked for, after
`.venv/bin/uv pip install granian`, by `.venv/bin/python -m benchmarks --only servers`.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.findings import Cell, Findings, Table
from benchmarks.options import Options
from benchmarks.runners import SERVICES, compare

#: By the module that starts a service; None: the service's own.
SERVERS = {"uvicorn": None, "granian": "benchmarks.under_granian"}


def run(options: Options) -> Findings:
    found = compare(SERVERS, options)
    best = {key: max(rounds, key=lambda measured: measured.per_second) for key, rounds in found.items()}
    rows: list[Sequence[Cell]] = [
        (scenario, server, round(each.per_second), *each.latency.shown(), *(each.cpu_ms[name] for name in SERVICES))
        for (scenario, server), each in sorted(best.items())
    ]
    columns = ("scenario", "server", "req/s", "p50 ms", "p95 ms", "p99 ms", *(f"{name} CPU-ms" for name in SERVICES))
    note = "Every service under the one or the other, 16 connections, the best of the rounds."
    return Findings([Table("uvicorn and granian", columns, rows, note)])
