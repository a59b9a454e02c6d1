"""Children of a process that is killed: ended by the kernel, or by a watcher where the kernel does not do that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from opsdash_local.processes import wait_until

from tests.support.local_stack import gone

BY_THE_KERNEL = ""
BY_THE_WATCHER = "processes._LIBC = None"  # as on a system without parent-death signals

SUPERVISING = """
import sys, time
from pathlib import Path
from opsdash_local import processes
{switch}
stubborn = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 3, 15)]; print('up'); time.sleep(90)"
polite = "import signal, sys, time; signal.signal(3, lambda *_: sys.exit(print('asked'))); print('up'); time.sleep(90)"
children = [
    processes.spawn([sys.executable, '-uc', script], log_file=Path(sys.argv[1], str(number)), death_signal=number)
    for script, number in ((stubborn, 9), (polite, 3))
]
ended = processes.spawn([sys.executable, '-c', ''], log_file=None)
ended.wait()
processes.wait_until(lambda: all('up' in Path(sys.argv[1], name).read_text() for name in '93'), timeout=30)
print(*[child.pid for child in children], flush=True)
time.sleep(90)
"""
WITH_PARENT = """
import signal, sys, time
from opsdash_local import processes
{switch}
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
processes.end_with_parent()
print(processes.os.getpid(), flush=True)
time.sleep(90)
"""
PARENT = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(child.stdout.readline(), end='', flush=True)
time.sleep(90)
"""

each_way = pytest.mark.parametrize("switch", [BY_THE_KERNEL, BY_THE_WATCHER], ids=["kernel", "watcher"])


@contextmanager
def running(script: str, argument: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """The process, and the numbers it prints."""
    command = [sys.executable, "-c", script, argument]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        try:
            yield process, pids
        finally:
            process.kill()
            for pid in pids:
                if not gone(pid):
                    os.kill(pid, signal.SIGKILL)


@each_way
def test_children_get_their_signal_when_their_parent_is_killed(tmp_path: Path, switch: str) -> None:
    with running(SUPERVISING.format(switch=switch), str(tmp_path)) as (parent, pids):
        assert len(pids) == 2
        parent.kill()
        assert wait_until(lambda: all(gone(pid) for pid in pids), timeout=20)
    assert (tmp_path / "3").read_text().split() == ["up", "asked"]


@each_way
def test_a_process_ends_with_its_parent_when_it_asked_to(switch: str) -> None:
    with running(PARENT, WITH_PARENT.format(switch=switch)) as (parent, pids):
        parent.kill()
        assert wait_until(lambda: gone(pids[0]), timeout=20)


def test_the_watcher_ends_with_the_process_it_watches() -> None:
    script = f"""
import time
from opsdash_local import processes
{BY_THE_WATCHER}
print(processes._watcher().process.pid, flush=True)
time.sleep(90)
"""
    with running(script, "") as (parent, pids):
        parent.kill()
        assert wait_until(lambda: gone(pids[0]), timeout=20)


def test_a_watcher_that_was_killed_is_replaced() -> None:
    script = f"""
from opsdash_local import processes
{BY_THE_WATCHER}
first = processes._watcher().process
first.kill()
first.wait()
print(first.pid, processes._watcher().process.pid, processes._watcher().process.pid, flush=True)
"""
    with running(script, "") as (_, pids):
        assert pids[0] != pids[1] == pids[2]
