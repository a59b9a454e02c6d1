"""The results as one Markdown page and one JSON file."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.measuring import Measured
from benchmarks.straight import Straight

HEADING = (
    "| scenario | req/s | baseline req/s | ratio | wanted | p50 ms | p95 ms | p99 ms | p99 / p50"
    " | CPU-ms | baseline CPU-ms | straight on PostgreSQL req/s |"
)
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Compared:
    """One scenario: rounds of product and baseline in turn, the median of each."""

    name: str
    product: Measured
    baseline: Measured
    least: float
    straight: Straight | None

    @property
    def ratio(self) -> float:
        return self.product.per_second / self.baseline.per_second


@dataclass
class Results:
    """Everything one run found."""

    compared: list[Compared] = field(default_factory=list)
    open_loop: dict[str, Measured] = field(default_factory=dict)
    growth: dict[str, tuple[float, float]] = field(default_factory=dict)
    resident_mib: Mapping[str, float] = field(default_factory=dict)
    start_seconds: Mapping[str, float] = field(default_factory=dict)
    load_average: float = 0.0

    def write(self) -> None:
        (HERE / "RESULTS.md").write_text("\n".join(self.lines()) + "\n", encoding="utf-8")
        document = {"at": _now(), "machine": machine(), **asdict(self)}
        (HERE / "results.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    def lines(self) -> list[str]:
        return [
            "# Results", "",
            f"{_now()}, {machine()}, load average before the run {self.load_average:.1f}.",
            "Method: [README.md](README.md).",
            "Ratios within one run compare; figures of two machines, or of two days, do not.", "",
            "## Closed loop, 16 connections, beside the bare two-hop baseline", "",
            HEADING, "|---" * HEADING.count(" | ") + "|---|",
            *(_row(entry) for entry in self.compared), "",
            "## CPU-ms per request and process", "",
            "| scenario | processes |", "|---|---|",
            *(f"| {entry.name} | {_costs(entry.product)} |" for entry in self.compared),
            *(f"| {entry.name}, baseline | {_costs(entry.baseline)} |" for entry in self.compared), "",
            "## Open loop, latency from the intended moment of sending", "",
            "| scenario | answered/s | p50 ms | p95 ms | p99 ms |", "|---|---|---|---|---|",
            *(_open_row(name, measured) for name, measured in self.open_loop.items()), "",
            "## Growth of the database, p50 in an org of 10,000 tickets", "",
            "| read | 200,000 tickets | more tickets | change |", "|---|---|---|---|",
            *(f"| {name} | {a:.2f} ms | {b:.2f} ms | {b / a - 1:+.0%} |" for name, (a, b) in self.growth.items()), "",
            "## Processes", "",
            "| process | start s | resident MiB after the run |", "|---|---|---|",
            *(f"| {name} | {self.start_seconds.get(name, '')} | {mib} |" for name, mib in self.resident_mib.items()),
        ]  # fmt: skip


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"


def _row(entry: Compared) -> str:
    product, latency = entry.product, entry.product.latency
    straight = "" if entry.straight is None else f"{entry.straight.per_second:.0f}"
    return (
        f"| {entry.name} | {product.per_second:.0f} | {entry.baseline.per_second:.0f} | {entry.ratio:.2f}"
        f" | ≥ {entry.least} | {latency.p50:.1f} | {latency.p95:.1f} | {latency.p99:.1f}"
        f" | {latency.p99 / latency.p50:.1f} | {product.cpu_ms_total:.2f} | {entry.baseline.cpu_ms_total:.2f}"
        f" | {straight} |"
    )


def _costs(measured: Measured) -> str:
    return ", ".join(f"{name} {ms:.2f}" for name, ms in measured.cpu_ms.items() if ms >= 0.005)  # noqa: PLR2004


def _open_row(name: str, measured: Measured) -> str:
    latency = measured.latency
    return f"| {name} | {measured.per_second:.0f} | {latency.p50:.1f} | {latency.p95:.1f} | {latency.p99:.1f} |"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
