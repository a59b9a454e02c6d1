"""What processes cost: CPU seconds between two moments, resident memory."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import psutil

Processes = Mapping[str, Sequence[psutil.Process]]


def processor_seconds(processes: Processes) -> dict[str, float]:
    """So far; a process that has ended meanwhile counts nothing."""
    return {name: sum(map(seconds_of, members)) for name, members in processes.items()}


def resident_mib(processes: Processes) -> dict[str, float]:
    """Of the largest process of each name: pages a server's processes share are not counted again and again."""
    return {name: round(max(p.memory_info().rss for p in members) / 2**20, 1) for name, members in processes.items()}


def seconds_of(process: psutil.Process) -> float:
    """User and system time; none of a process that has ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
