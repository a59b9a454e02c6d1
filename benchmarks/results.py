"""All results of a folder: one JSON file to which a run adds its parts, and the Markdown page written from it.

A part that was not measured again stays as it was, with the date, the load and the commit of its own run.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.findings import Cell, Findings

HERE = Path(__file__).parent
#: Where the published figures are; a run writes there only when it is asked to.
PUBLISHED = HERE
Document = dict[str, Any]


class Results:
    """What was measured so far, kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self.json, self.page = folder / "results.json", folder / "RESULTS.md"

    def record(self, name: str, title: str, findings: Findings, *, load_average: float) -> Document:
        """Keep what one part found, in place of what it found before."""
        results = self._read()
        results[name] = _document(title, findings, load_average)
        self.json.parent.mkdir(parents=True, exist_ok=True)
        self.json.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return results[name]

    def write_page(self, order: list[str]) -> None:
        """RESULTS.md from results.json, parts in the order given."""
        results = self._read()
        parts = [results[name] for name in order if name in results]
        self.page.write_text("\n".join(_page(parts)), encoding="utf-8")

    def _read(self) -> dict[str, Document]:
        if not self.json.exists():
            return {}
        found: dict[str, Document] = json.loads(self.json.read_text(encoding="utf-8"))
        return found


def _document(title: str, findings: Findings, load_average: float) -> Document:
    return {
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


def _commit() -> str:
    """What was measured; `+` when files had changed since."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    command = [git, "describe", "--always", "--dirty=+"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or "unknown"
