"""Ends the children of a process that died, where the kernel does not: macOS has no parent-death signal.

It is a process of its own with the reading end of a pipe. Each child writes its number and the signal for it into the
pipe before it becomes its program, so none is missed; the pipe ends when the parent does, however that happened.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

PARENT_SECONDS = 1.0
LEAVE_SECONDS = 10.0
READ_BYTES = 4096


class Watcher:
    """The side of the watched process, which is the one that makes it."""

    def __init__(self, *, parent: int | None = None) -> None:
        """With the number of our own parent, we get SIGTERM once it is gone."""
        reading, self._writing = os.pipe()
        self.process = subprocess.Popen(  # noqa: S603 - the command is ours
            [sys.executable, "-m", "opsdash_local.watcher", *([] if parent is None else [str(parent)])],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C and a closed terminal are not for it
        )
        os.close(reading)

    def is_running(self) -> bool:
        return self.process.poll() is None

    def register_this_process(self, death_signal: signal.Signals) -> None:
        """For a child between fork and exec; its copy of the pipe is closed by exec."""
        os.write(self._writing, f"{os.getpid()} {int(death_signal)}\n".encode("ascii"))


def main() -> None:
    """Runs until the pipe ends, then sends every child that is left its signal, and SIGKILL after a while."""
    import psutil  # noqa: PLC0415 - not for the watched process, which imports this module too

    children: dict[psutil.Process, int] = {}
    rest = b""
    parent = int(sys.argv[1]) if len(sys.argv) > 1 else None
    for chunk in _chunks(psutil.Process(os.getppid()), parent):
        *lines, rest = (rest + chunk).split(b"\n")
        for pid, number in (map(int, line.split()) for line in lines):
            with contextlib.suppress(psutil.Error):  # it has ended already
                children[psutil.Process(pid)] = number
    left = [child for child in children if child.is_running()]  # and no other process that has its number by now
    for child in left:
        signal_group(child.pid, children[child])
    for child in psutil.wait_procs(left, timeout=LEAVE_SECONDS)[1]:
        signal_group(child.pid, signal.SIGKILL)


def _chunks(watched: psutil.Process, parent: int | None) -> Iterator[bytes]:
    """What is written into the pipe; meanwhile the watched process is told to stop once its parent is gone."""
    while True:
        if parent is not None and not select.select([sys.stdin], [], [], PARENT_SECONDS)[0]:
            if watched.ppid() != parent:
                watched.terminate()
                parent = None
        elif chunk := os.read(sys.stdin.fileno(), READ_BYTES):
            yield chunk
        else:
            return


def signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


if __name__ == "__main__":
    main()
