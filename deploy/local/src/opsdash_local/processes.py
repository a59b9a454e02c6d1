"""Child processes that never outlive us: own process group, ended by the kernel or a watcher when their parent dies."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Protocol

from opsdash_local.watcher import Watcher, signal_group

PR_SET_PDEATHSIG = 1
KILL_SECONDS = 5.0
JAVA_STOPPED = 128 + signal.SIGTERM
# Loaded here, not in the forked child: the dynamic loader is not safe to use between fork and exec.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_watchers: list[Watcher] = []


class Child(Protocol):
    """A process that leads a group of its own."""

    @property
    def pid(self) -> int: ...
    def wait(self, timeout: float | None = None) -> int: ...


def spawn(
    command: Sequence[str | Path],
    *,
    log_file: Path | None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a command that gets `death_signal` when this process dies.

    Its output is appended to `log_file`; without one it goes where ours goes.
    """
    with _opened(log_file) as log:
        return subprocess.Popen(  # noqa: S603 - the commands are ours
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=None if log is None else subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            process_group=0,
            preexec_fn=_prepare_child(os.getpid(), death_signal),  # noqa: PLW1509 - system calls only
        )


def _opened(log_file: Path | None) -> contextlib.AbstractContextManager[IO[bytes] | None]:
    if log_file is None:
        return contextlib.nullcontext()
    log_file.parent.mkdir(parents=True, exist_ok=True)
    return log_file.open("ab")


def _prepare_child(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    watcher = _watcher() if _LIBC is None else None

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if watcher is not None:
            watcher.register_this_process(death_signal)
        if _LIBC is None:
            return
        _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent died before the line above: nobody would ever tell us
            os._exit(1)

    return prepare


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Let this very process get a signal when its parent dies; without the kernel's help it is SIGTERM."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, int(number))
    else:
        _watchers.append(Watcher(parent=os.getppid()))


def _watcher() -> Watcher:
    """The latest; a new one when that has been killed."""
    if not _watchers or not _watchers[-1].is_running():
        _watchers.append(Watcher())
    return _watchers[-1]


def ask_to_stop(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGTERM) -> None:
    """Send a stop signal; a frozen process is woken, for it would never handle the signal."""
    if process.poll() is None:
        process.send_signal(number)
        process.send_signal(signal.SIGCONT)


def wait_or_kill(
    process: subprocess.Popen[bytes], *, timeout: float, kill_signal: signal.Signals = signal.SIGKILL
) -> int:
    """The exit code; the child's whole group is killed when it has not ended after `timeout` seconds.

    A Java program that was asked to stop and did ends with 143; that is 0 to us.
    """
    with contextlib.suppress(subprocess.TimeoutExpired):
        code = process.wait(timeout)
        return 0 if code == JAVA_STOPPED else code
    return kill(process, kill_signal)


def kill(process: Child, number: signal.Signals = signal.SIGKILL) -> int:
    """Send the signal to the child's whole process group and reap it; SIGKILL when it lets that one pass."""
    signal_group(process.pid, number)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(KILL_SECONDS)
    signal_group(process.pid, signal.SIGKILL)
    return process.wait()


def wait_until(
    ready: Callable[[], bool], *, timeout: float, interval: float = 0.02, longest_interval: float = 0.25
) -> bool:
    """Poll a cheap condition; the pause grows, so that a slow start costs little."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
        interval = min(interval * 1.5, longest_interval)
    return True


def last_lines(log_file: Path | None, count: int = 15, limit_bytes: int = 16_384) -> str:
    """The end of a log file, for a message about a child that died."""
    if log_file is None:
        return ""
    try:
        with log_file.open("rb") as log:
            log.seek(max(0, log_file.stat().st_size - limit_bytes))
            return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
