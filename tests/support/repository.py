"""A copy of the repository, and commands in it as a contributor enters them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.local_stack import OWN

ROOT = Path(__file__).parents[2]
#: The environment that runs the tests; packages of a copy go before its own.
BIN = Path(sys.executable).parent


def run(command: Sequence[str | Path], folder: Path, *, fails: bool = False, **environ: str) -> str:
    """Output of a program that must succeed, or fail, in a shell without settings of a developer's stack."""
    inherited = {name: value for name, value in os.environ.items() if name not in {*OWN, "VIRTUAL_ENV"}}
    kept = {name: value for name, value in inherited.items() if not name.startswith(("PYTEST_", "UV_", "OPSDASH_"))}
    done = subprocess.run(command, cwd=folder, env=kept | environ, capture_output=True, text=True, check=False)
    assert (done.returncode != 0) == fails, f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def copied(folder: Path) -> Path:
    """The repository as it is in the working tree, every file added to a git repository of its own."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for path in filter(None, listed.split("\0")):
        if (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, folder / path)
    run(["git", "init", "--quiet"], folder)
    run(["git", "add", "--all"], folder)
    return folder


def run_make(line: str, folder: Path, *, fails: bool = False) -> str:
    """A `make` command of a document in a copy, with the packages of this environment and the sources of the copy."""
    make, target, *variables = line.split()
    assert make == "make", line
    prepared = [f"--old-file={name}" for name in ("sync", "needed-run", "needed-test", "needed-lint")]
    return run([make, *prepared, target, *variables, f"BIN={BIN}"], folder, fails=fails, **sources(folder))


def sources(folder: Path) -> dict[str, str]:
    """The environment in which Python imports the packages of a copy."""
    found = [*folder.glob("services/*/src"), folder / "contracts/src", folder / "deploy/local/src"]
    return {"PYTHONPATH": os.pathsep.join(map(str, sorted(found)))}
