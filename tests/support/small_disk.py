"""A disk that is small enough to be filled: a file system in memory, which only root may mount."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opsdash_local.postgres_binaries import give_to_server_user

MEBIBYTES = 64
CAP_SYS_ADMIN = 21
BLOCK = 4096


def missing() -> str:
    """Why there can be none here; empty when there can."""
    if _may_mount() and shutil.which("mount") and shutil.which("umount"):
        return ""
    return "a disk of 64 MiB takes a mount, and that takes root on Linux with CAP_SYS_ADMIN"


def _may_mount() -> bool:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    capabilities = next((line.split()[1] for line in lines if line.startswith("CapEff:")), "0")
    return os.geteuid() == 0 and bool(int(capabilities, 16) >> CAP_SYS_ADMIN & 1)


@contextmanager
def mounted(folder: Path) -> Iterator[Path]:
    """The disk, for the server user of PostgreSQL."""
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "tmpfs", str(folder)], check=True)  # noqa: S607
    try:
        data = folder / "data"
        data.mkdir()
        give_to_server_user(data)
        yield data
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def fill(file: Path) -> None:
    """Leave no block of the disk to anybody."""
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(BLOCK))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
