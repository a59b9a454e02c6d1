"""The same rows straight from PostgreSQL, by pgbench with prepared statements: the limit of everything above it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from opsdash_local.postgres_binaries import program
from opsdash_local.services import TICKETS

from benchmarks.baseline import statements
from benchmarks.bench_stack import BenchStack
from benchmarks.requests import WORDS
from benchmarks.workspace import LARGE

_RESULT = re.compile(r"latency average = ([\d.]+) ms.*?tps = ([\d.]+)", re.DOTALL)


@dataclass(frozen=True)
class Straight:
    """What one statement gives."""

    per_second: float
    average_ms: float


def scripts() -> dict[str, str]:
    """By the scenario's name."""
    org = f"'{LARGE.id}'::uuid"
    wanted = "'{open,waiting}'", "'{urgent,high}'"
    return {
        "list, 25 rows": _filled(statements.LIST, org, "26"),
        "list, 50 rows": _filled(statements.LIST, org, "51"),
        "filtered list": _filled(statements.FILTERED, org, *wanted, "26"),
        "search": _filled(statements.SEARCH, org, f"'{WORDS}'", "26"),
        "detail": f"\\set number random(1, {LARGE.tickets})\n" + _filled(statements.DETAIL, org, ":number"),
    }


def measure_straight(stack: BenchStack, script: str, *, connections: int, seconds: int) -> Straight:
    url = urlsplit(stack.database_url(TICKETS))
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            str(program("pgbench")), "-n", "-M", "prepared", "-c", str(connections), "-T", str(seconds),
            "-h", str(url.hostname), "-p", str(url.port), "-U", str(url.username), "-f", file.name, url.path[1:],
        ]  # fmt: skip
        environment = {"PGPASSWORD": str(url.password), "HOME": str(Path.home())}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    found = _RESULT.search(done.stdout)
    if found is None:
        raise SystemExit(f"pgbench said nothing useful: {done.stdout}")
    return Straight(per_second=float(found[2]), average_ms=float(found[1]))


def _filled(statement: str, *values: str) -> str:
    text = re.sub(r"\$(\d+)", lambda place: values[int(place[1]) - 1], statement)
    return " ".join(text.split()) + ";\n"
