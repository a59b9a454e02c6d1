"""Child processes that never outlive us: own process group, killed by the kernel when their parent dies."""

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

PR_SET_PDEATHSIG = 1
# Loaded here, not in the forked child: the dynamic loader is not safe to use between fork and exec.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn(
    command: Sequence[str | Path],
    *,
    log_file: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
) -> subprocess.Popen[bytes]:
    """Start a command, output appended to `log_file`; `death_signal` reaches it when this process dies."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - the commands are ours
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            process_group=0,
            preexec_fn=_prepare_child(os.getpid(), death_signal),  # noqa: PLW1509 - system calls only
        )


def _prepare_child(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        if _LIBC is None:
            return
        _LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal))
        if os.getppid() != parent:  # the parent died before the line above: nobody would ever tell us
            os._exit(1)

    return prepare


def terminate(
    process: subprocess.Popen[bytes], *, timeout: float, first: signal.Signals = signal.SIGTERM
) -> int:
    """Ask a child to stop, kill its group when it has not after `timeout` seconds; return its exit code."""
    if process.poll() is None:
        process.send_signal(first)
        # A stopped process handles no signal; waking it costs nothing when it was running.
        process.send_signal(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout)
        kill(process)
    return process.wait()


def kill(process: subprocess.Popen[bytes]) -> int:
    """SIGKILL the child's whole process group and reap it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()


def wait_until(ready: Callable[[], bool], *, timeout: float, interval: float = 0.02) -> bool:
    """Poll a cheap condition; the pause grows to a quarter of a second so that a slow start costs little."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() >= deadline:
            return False
        time.sleep(interval)
        interval = min(interval * 1.5, 0.25)
    return True


def last_lines(log_file: Path, count: int = 15, limit_bytes: int = 16_384) -> str:
    """The end of a log file, for a message about a child that died."""
    try:
        with log_file.open("rb") as log:
            log.seek(max(0, log_file.stat().st_size - limit_bytes))
            return "\n".join(log.read().decode("utf-8", "replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
