"""The same rows straight from PostgreSQL, by pgbench with prepared statements: the limit of everything above it."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from opsdash_local.postgres_binaries import program

from benchmarks.baseline import statements
from benchmarks.requests import WORDS
from benchmarks.workspace import LARGE

_RESULT = re.compile(r"tps = ([\d.]+)")


def scripts() -> dict[str, str]:
    """By the scenario's name."""
    org = f"'{LARGE.id}'::uuid"
    wanted = "'{open,waiting}'", "'{urgent,high}'"
    return {
        "list, 25 rows": filled(statements.LIST, org, "26"),
        "list, 50 rows": filled(statements.LIST, org, "51"),
        "filtered list": filled(statements.FILTERED, org, *wanted, "26"),
        "search": filled(statements.SEARCH, org, f"'{WORDS}'", "26"),
        "detail": f"\\set number random(1, {LARGE.tickets})\n" + filled(statements.DETAIL, org, ":number"),
    }


def pgbench(url: str, script: str, *, connections: int, seconds: int, settings: str = "") -> float:
    """Runs of the script a second; `settings` are options of the session, as `-c name=value`."""
    parts = urlsplit(url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            str(program("pgbench")), "-n", "-M", "prepared", "-c", str(connections), "-T", str(seconds),
            "-h", str(parts.hostname), "-p", str(parts.port), "-U", str(parts.username),
            "-f", file.name, parts.path[1:],
        ]  # fmt: skip
        environment = {"PGPASSWORD": unquote(str(parts.password)), "HOME": str(Path.home()), "PGOPTIONS": settings}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    found = _RESULT.search(done.stdout)
    if found is None:
        raise SystemExit(f"pgbench said nothing useful: {done.stdout}")
    return float(found[1])


def filled(statement: str, *values: str) -> str:
    text = re.sub(r"\$(\d+)", lambda place: values[int(place[1]) - 1], statement)
    return " ".join(text.split()) + ";\n"
