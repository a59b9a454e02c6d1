"""The sizes that README and the page on running locally name are those of the packages of today."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from tests.architecture.sources import ROOT
from tests.support.repository import text_of

PAGE = "docs/how-to/run-locally.md"
MEBIBYTE = 2**20
MOST_FOR_RUNNING = 400
UV = Path(sys.executable).with_name("uv")


def packages(*groups: str) -> set[str]:
    """Names of what `make` installs for these groups, on this system and Python."""
    chosen = [word for group in ("setup", *groups) for word in ("--group", group)]
    command = [UV, "export", "--frozen", "--all-packages", "--no-default-groups", "--no-hashes", "--no-annotate"]
    done = subprocess.run([*command, *chosen, "--quiet"], cwd=ROOT, capture_output=True, text=True, check=True)
    named = {line.partition("==")[0] for line in done.stdout.splitlines() if "==" in line}
    return {name for name in named if installed(name)} | {"pip"}


def installed(name: str) -> bool:
    """False for packages of other systems and Pythons."""
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def megabytes(names: set[str]) -> float:
    """What the files of these packages take on disk, in blocks of 4 KiB as `du` counts, without byte code."""
    files = {Path(str(file.locate())) for name in names for file in metadata.distribution(name).files or ()}
    sizes = [path.stat().st_size for path in files if path.suffix != ".pyc" and path.is_file()]
    return sum(-(-size // 4096) * 4096 for size in sizes) / MEBIBYTE


def promised(page: str, pattern: str) -> int:
    (figure,) = re.findall(pattern, text_of(page))
    return int(figure)


def test_the_first_run_brings_what_running_needs():
    measured = megabytes(packages())
    assert measured < MOST_FOR_RUNNING
    assert abs(promised(PAGE, r"from the lock file \(about (\d+) MB") - measured) < 0.1 * measured
    assert promised("README.md", r"for about (\d+) MB") == promised(PAGE, r"from the lock file \(about (\d+) MB")


def test_testing_brings_the_rest():
    measured = megabytes(packages("test")) - megabytes(packages())
    assert abs(promised(PAGE, r"the first `make test` adds (\d+) MB") - measured) < 0.1 * measured
