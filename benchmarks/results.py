"""All results: one JSON file to which a run adds its parts, and the Markdown page written from it.

A part that was not measured again stays as it was, with the date, the load and the commit of its own run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.findings import Cell, Findings

HERE = Path(__file__).parent
JSON, PAGE = HERE / "results.json", HERE / "RESULTS.md"
Document = dict[str, Any]


def record(name: str, title: str, findings: Findings, *, load_average: float) -> None:
    """Keep what one part found, in place of what it found before."""
    results = _read()
    results[name] = {
        "title": title,
        "at": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "commit": _commit(),
        "load_average_before": round(load_average, 2),
        "targets": [asdict(target) for target in findings.targets],
        "tables": [
            {
                "title": table.title,
                "note": table.note,
                "columns": list(table.columns),
                "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows],
            }
            for table in findings.tables
        ],
    }
    JSON.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_page(order: list[str]) -> None:
    """RESULTS.md from results.json, parts in the order given."""
    results = _read()
    parts = [results[name] for name in order if name in results]
    PAGE.write_text("\n".join(_page(parts)), encoding="utf-8")


def markdown(part: Mapping[str, Any]) -> Iterator[str]:
    """One part of the page."""
    yield f"## {part['title']}"
    yield ""
    yield f"{part['at']}, commit {part['commit']}, load average before it {part['load_average_before']};"
    yield f"{part['machine']}."
    for table in part["tables"]:
        yield from ("", f"### {table['title']}", "")
        if table["note"]:
            yield from (table["note"], "")
        yield from _table(table["columns"], [list(row.values()) for row in table["rows"]])
    yield ""


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, {platform.system()}"


def load_average() -> float:
    """Of the last minute: what other work the machine had before a measurement."""
    return os.getloadavg()[0]


def _page(parts: list[Document]) -> Iterator[str]:
    yield from (
        "# Results",
        "",
        "Written by `make bench`. How it is measured and how to read it: [README.md](README.md).",
    )
    yield from ("Ratios within one part compare; figures of two machines, or of two days, do not.", "")
    yield from ("## What was wanted", "")
    targets = [target for part in parts for target in part["targets"]]
    rows: list[list[Cell]] = [
        [each["what"], each["wanted"], each["measured"], "yes" if each["held"] else "**no**"] for each in targets
    ]
    yield from _table(["what", "wanted", "measured", "held"], rows)
    yield ""
    for part in parts:
        yield from markdown(part)


def _table(columns: list[str], rows: list[list[Cell]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for row in rows:
        yield f"| {' | '.join(map(_shown, row))} |"


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else f"{cell:,}"


def _read() -> dict[str, Document]:
    if not JSON.exists():
        return {}
    found: dict[str, Document] = json.loads(JSON.read_text(encoding="utf-8"))
    return found


def _commit() -> str:
    """What was measured; `+` when files had changed since."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],  # noqa: S607 - whichever git there is
        cwd=HERE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or "unknown"
