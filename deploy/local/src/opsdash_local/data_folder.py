"""The data folder of a stack: made, and told from other folders. Standard library only: `make clean` uses it too."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from opsdash_local.errors import LocalStackError, nearest, reason

LOCK = "lock"
SHOWN = 3
#: Everything that a stack writes at the top of its data folder.
CONTENTS = frozenset(
    {
        LOCK, "secrets.json", "secrets.new", "people.json", "dev-issuer-key.pem", "dev-issuer-key.new",
        "demo.unfinished", "logs", "postgres", "kafka", "kafka.properties",
    }
)  # fmt: skip


def make(folder: Path) -> None:
    """Raises LocalStackError when it cannot be made, may not be written, or is somebody else's."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(entry.name for entry in folder.iterdir())
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "you may not write there", str(folder))
    except OSError as error:
        raise unusable(folder, error) from error
    if names and LOCK not in names:
        raise LocalStackError(
            f"{folder} holds other things already ({listed(names)}); name a new or empty folder: DATA=.data-2 make run"
        )


def unusable(folder: Path, error: OSError) -> LocalStackError:
    place, status = nearest(folder)
    why = reason(error) if stat.S_ISDIR(status.st_mode) else f"{place} is a file"
    if place != folder and os.path.islink(folder):  # noqa: PTH114 - pathlib's raises where one may not look
        why = f"it is a link to {folder.readlink()}, which is not there"
    return LocalStackError(
        f"the data folder {folder} cannot be used: {why}; name one where you may write: DATA=folder make run"
    )


def what_is_foreign(folder: Path) -> str | None:
    """Why it may not be removed as a whole; None when a stack has worked here and nothing else lies in it."""
    names = {entry.name for entry in folder.iterdir()}
    if others := sorted(names - CONTENTS):
        return f"it holds what no stack wrote: {listed(others)}"
    # A start that is refused early makes no secrets.
    if _is_a_lock(folder / LOCK) and ("secrets.json" in names or names <= {LOCK, "logs"}):
        return None
    return "no stack made it"


def listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _is_a_lock(path: Path) -> bool:
    """It holds a process number, or nothing for an instant."""
    if path.is_symlink() or not path.is_file():
        return False
    return path.read_text(encoding="ascii", errors="replace").strip().isdigit() or not path.stat().st_size
