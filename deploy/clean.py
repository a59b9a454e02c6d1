"""Remove what `make` made: the environment, the caches, and the data folder named in DATA if it is a stack's.

Standard library only, for there may be no environment. What is not ours stays, and a line says so and why.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy" / "local" / "src"))

from opsdash_local import data_folder, shared_memory  # noqa: E402 - found by the line above
from opsdash_local.errors import LocalStackError, reason  # noqa: E402 - the same
from opsdash_local.lock import FolderInUseError, exclusive  # noqa: E402 - the same

ENVIRONMENT = ROOT / ".venv"
CACHES = (".kafka", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".schemathesis")
#: Only below these are compiled files ours: others may keep folders of their own beside them.
FOLDERS = (".ci", "benchmarks", "contracts", "deploy", "examples", "services", "tests")
FOREIGN_MARKS = ("pyvenv.cfg", ".git")  # an environment or a repository of somebody's, somewhere in a folder of ours


class Kept(Exception):
    """Something stays; the text says why."""


def main() -> int:
    """Exit code 1 when something stays."""
    data = Path(os.environ.get("DATA") or ".data")
    work = [(data, remove_data), (ENVIRONMENT, remove_environment), *((ROOT / name, remove) for name in CACHES)]
    work += [(folder, remove) for folder in compiled()]
    kept = 0
    for path, action in work:
        try:
            if os.path.lexists(path):
                action(path)
        except Kept as why:
            kept += 1
            sys.stderr.write(f"opsdash: not removed: {path}: {why}\n")
        except OSError as error:
            kept += 1
            sys.stderr.write(f"opsdash: not removed: {error.filename or path}: {reason(error)}\n")
    return 1 if kept else 0


def remove_data(data: Path) -> None:
    """Only while no stack works there, nor a PostgreSQL that one left behind. Raises Kept."""
    check_folder(data)
    place = data.resolve()
    if place in (ROOT, *ROOT.parents, Path(os.path.expanduser("~")).resolve()):  # noqa: PTH111 - there may be no home
        raise Kept("it is this project, a folder above it, or your home")
    if foreign := data_folder.what_is_foreign(place):
        raise Kept(foreign)
    try:
        with exclusive(place):
            if not shared_memory.release(place / "postgres" / "data"):
                raise Kept("its PostgreSQL still runs; start the stack and stop it with Ctrl-C")
            shutil.rmtree(place)
    except FolderInUseError as error:
        raise Kept(f"a stack (process {error.holder}) runs on it; stop that first") from error
    except LocalStackError as error:
        raise Kept(str(error)) from error


def remove_environment(environment: Path) -> None:
    """Raises Kept."""
    check_folder(environment)
    if any(environment.iterdir()) and not (environment / "pyvenv.cfg").is_file():
        raise Kept("it is no Python environment")
    if users := sorted(processes_of(environment)):
        raise Kept(f"programs of it run (process {', '.join(map(str, users[:3]))}); stop them first")
    shutil.rmtree(environment)


def remove(folder: Path) -> None:
    """Raises Kept."""
    check_folder(folder)
    shutil.rmtree(folder)


def check_folder(folder: Path) -> None:
    """A link was made by somebody, and what it leads to is theirs. Raises Kept."""
    if folder.is_symlink():
        raise Kept(f"it is a link to {folder.readlink()}")
    if not folder.is_dir():
        raise Kept("it is a file")


def compiled() -> Iterator[Path]:
    yield ROOT / "__pycache__"
    for top in FOLDERS:
        for folder, below, files in os.walk(ROOT / top):
            if any(mark in below or mark in files for mark in FOREIGN_MARKS):
                below.clear()
            elif "__pycache__" in below:
                below.remove("__pycache__")
                yield Path(folder, "__pycache__")


def processes_of(environment: Path) -> Iterator[int]:
    """Those whose program lies in the environment, on systems with /proc."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            program = os.fsdecode((entry / "cmdline").read_bytes().partition(b"\0")[0])
            if environment in (entry / "cwd").readlink().joinpath(program).parents and int(entry.name) != os.getpid():
                yield int(entry.name)
        except OSError:  # it has ended, or is another user's
            continue


if __name__ == "__main__":
    sys.exit(main())
