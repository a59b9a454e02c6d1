"""Looks after child processes: sleeps until something happens, stops them in reverse order."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Protocol, Self

from opsdash_local import processes
from opsdash_local.errors import LocalStackError

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(BaseException):  # not an error: no `except Exception` may swallow it
    """Ctrl-C, SIGTERM or a closed terminal."""


class JobFailedError(LocalStackError):
    """A job ended with something else than 0; its log ends with the reason."""

    def __init__(self, name: str, code: int, log_file: Path | None) -> None:
        super().__init__(_last_words(f"{name} failed", code, log_file))
        self.name = name
        self.code = code


class Server(Protocol):
    """What the supervisor needs of a child: embedded servers and services look alike."""

    @property
    def process(self) -> subprocess.Popen[bytes] | None: ...
    @property
    def log_file(self) -> Path: ...
    @property
    def stop_signal(self) -> signal.Signals: ...
    @property
    def stop_timeout(self) -> float: ...
    @property
    def kill_signal(self) -> signal.Signals: ...


class Supervisor:
    """Use as a context manager in the main thread: leaving it stops every child, whatever happened."""

    def __init__(self, report: Callable[[str], None] = lambda _: None) -> None:
        self._report = report
        self._groups: list[dict[str, Server]] = []
        self._jobs: list[subprocess.Popen[bytes]] = []
        self._old_handlers: dict[int, object] = {}
        self._wakeup, self._wakeup_write = os.pipe()
        self._starting = False
        self._requested: signal.Signals | None = None
        self.unclean: dict[str, int] = {}

    def add(self, **servers: Server) -> None:
        """Register servers that start together and stop together; call it before they are started."""
        self._groups.append({name.replace("_", "-"): server for name, server in servers.items()})

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Start children inside: a stop that is requested meanwhile comes at the end of the block, for in the middle of
        a start it would leave a child that nobody knows of.
        """
        self._starting = True
        try:
            yield
        finally:
            self._starting = False
        if self._requested is not None:
            raise StopRequested(self._requested.name)

    def wait_for(self, ready: Callable[[], bool], *, timeout: float, what: str) -> None:
        """Wait for a condition; a child that dies meanwhile ends the wait with its last words."""
        deadline = time.monotonic() + timeout
        pause = 0.02
        while not ready():
            self.check()
            left = deadline - time.monotonic()
            if left <= 0:
                raise LocalStackError(f"{what} was not ready within {timeout:.0f} seconds")
            self._sleep(min(pause, left))
            pause = min(pause * 1.5, 0.25)

    def run_jobs(self, jobs: Mapping[str, Job]) -> None:
        """Run one-shot commands side by side until all have succeeded; the first failure is raised."""
        with self.undisturbed():
            running = {name: job.start() for name, job in jobs.items()}
            self._jobs += running.values()
        while any(process.poll() is None for process in running.values()):
            self._raise_failed_job(jobs, running)
            self.check()
            self._sleep(None)
        self._raise_failed_job(jobs, running)
        self._jobs.clear()

    def _raise_failed_job(self, jobs: Mapping[str, Job], running: Mapping[str, subprocess.Popen[bytes]]) -> None:
        for name, process in running.items():
            if process.poll() not in {None, 0}:
                raise JobFailedError(name, process.returncode, jobs[name].log_file)

    def watch(self) -> None:
        """Sleep until a child dies (LocalStackError) or a stop is requested (StopRequested)."""
        while True:
            self.check()
            self._sleep(None)

    def check(self) -> None:
        """Raise LocalStackError when a child that should run has ended, with its last log lines."""
        for name, server in self._running():
            if server.process is not None and server.process.poll() is not None:
                words = _last_words(f"{name} ended unexpectedly", server.process.returncode, server.log_file)
                raise LocalStackError(words)

    def stop(self) -> None:
        """Stop the groups in reverse order; a second stop signal kills all that is left at once."""
        try:
            for job in self._jobs:
                processes.kill(job)
            while self._groups:
                self._stop_group(self._groups[-1])
                self._groups.pop()
        except StopRequested:
            self._report("killing everything")
            self.kill()

    def _stop_group(self, group: Mapping[str, Server]) -> None:
        alive = [
            (name, server, process)
            for name, server in group.items()
            if (process := server.process) is not None and process.poll() is None
        ]
        for _, server, process in alive:
            processes.ask_to_stop(process, server.stop_signal)
        for name, server, process in alive:
            code = processes.wait_or_kill(process, timeout=server.stop_timeout, kill_signal=server.kill_signal)
            self._report(f"{name} stopped" if code == 0 else f"{name} stopped with exit code {code}")
            if code != 0:
                self.unclean[name] = code

    def kill(self) -> None:
        """Kill every child; from here on stop signals change nothing."""
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        for name, server in self._running():
            if server.process is not None:
                self.unclean[name] = processes.kill(server.process, server.kill_signal)
        self._groups.clear()

    def _running(self) -> list[tuple[str, Server]]:
        return [item for group in self._groups for item in group.items()]

    def _sleep(self, seconds: float | None) -> None:
        """Until a signal comes (SIGCHLD too) or the time is over; signals that came before count."""
        select.select([self._wakeup], [], [], seconds)
        with suppress(BlockingIOError):
            os.read(self._wakeup, 4096)

    def _on_stop_signal(self, number: int, _: FrameType | None) -> None:
        self._requested = signal.Signals(number)
        if not self._starting:
            raise StopRequested(self._requested.name)

    def __enter__(self) -> Self:
        for end in (self._wakeup, self._wakeup_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)
        self._old_handlers = {number: signal.signal(number, self._on_stop_signal) for number in STOP_SIGNALS}
        # Without a handler the kernel would not wake us when a child ends.
        self._old_handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.stop()
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in self._old_handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type] # what signal.signal returned to us
            os.close(self._wakeup)
            os.close(self._wakeup_write)


class Job:
    """A command that runs once and must end with 0."""

    def __init__(self, command: Sequence[str | Path], env: Mapping[str, str], log_file: Path | None) -> None:
        self.command = command
        self.env = env
        self.log_file = log_file

    def start(self) -> subprocess.Popen[bytes]:
        return processes.spawn(self.command, env=self.env, log_file=self.log_file)


def _last_words(what: str, code: int, log_file: Path | None) -> str:
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
    lines = processes.last_lines(log_file)
    return f"{what} ({how}). The end of {log_file}:\n{lines}" if lines else f"{what} ({how})"
