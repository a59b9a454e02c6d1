"""Each distribution declares the packages it imports, and no others: deptry, with the settings of its pyproject.toml.

`python -m tests.architecture.dependencies` prints what it finds in all of them; `make lint` runs it.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.architecture.sources import ROOT


class Scan(NamedTuple):
    """What deptry is told in the folder of a pyproject.toml."""

    folder: Path
    arguments: tuple[str, ...]


def member_scan(folder: Path) -> Scan:
    return Scan(folder, ("src",))


def root_scans(root: Path) -> list[Scan]:
    """What runs without the group `test`; then everything, which may use it."""
    return [
        Scan(root, ("deploy", "examples", "--extend-exclude", "deploy/local/")),
        Scan(root, (".", "--non-dev-dependency-groups", "test")),
    ]


def members(root: Path) -> list[Path]:
    """Folders of the distributions of the workspace."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["uv"]["workspace"]["members"]
    return [folder for pattern in patterns for folder in sorted(root.glob(pattern))]


def all_scans(root: Path = ROOT) -> list[Scan]:
    return [*root_scans(root), *map(member_scan, members(root))]


def findings(scan: Scan) -> list[str]:
    """One line for each, with the place; RuntimeError when deptry cannot look."""
    command = [sys.executable, "-m", "deptry", "--no-ansi", *scan.arguments]
    done = subprocess.run(command, cwd=scan.folder, capture_output=True, text=True, check=False)
    found = [line for line in done.stderr.splitlines() if re.search(r": DEP\d{3} ", line)]
    if bool(found) != bool(done.returncode):
        raise RuntimeError(f"{' '.join(command)} in {scan.folder}: {done.stderr}")
    return found


def main() -> int:
    scans = all_scans()
    with ThreadPoolExecutor() as pool:
        found = [
            f"{scan.folder / line}"
            for scan, lines in zip(scans, pool.map(findings, scans), strict=True)
            for line in lines
        ]
    sys.stderr.writelines(f"{line.removeprefix(f'{ROOT}/')}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
