"""The System V segment of a PostgreSQL server: by it a second server sees that processes of the first still run.

A server that is killed leaves it behind, in the system and not in its data folder. Standard library only.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

IPC_RMID = 0
SEGMENTS = Path("/proc/sysvipc/shm")  # Linux only; elsewhere the next server on the folder takes the segment away
SEGMENT_LINE = 6  # postmaster.pid, seventh line: key and number of the segment
NUMBER, CREATOR, ATTACHED = 1, 4, 6  # columns of SEGMENTS


def release(data: Path) -> bool:
    """Remove the segment of a server that was killed; false while one of its processes is still attached to it.

    The next server on the folder would do the same, and refuses to start before that.
    """
    server, segment = _server_and_segment(data)
    for number, creator, attached in _segments():
        if (creator, number) == (server, segment):
            if attached:
                return False
            ctypes.CDLL(None).shmctl(number, IPC_RMID, None)
    return True


def _server_and_segment(data: Path) -> tuple[int, int]:
    """The numbers of the process and of its segment, from its pid file."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        return int(lines[0]), int(lines[SEGMENT_LINE].split()[1])
    except (OSError, IndexError, ValueError):
        return -1, -1


def _segments() -> list[tuple[int, int, int]]:
    try:
        lines = SEGMENTS.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    return [(int(line[NUMBER]), int(line[CREATOR]), int(line[ATTACHED])) for line in map(str.split, lines)]
