"""Services as child processes, forked from one that has their modules loaded: start, wait, freeze, kill, read logs.

Forked for tests of what a service does. Where its start is what is tested, `python -m` starts it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from json import loads
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import pytest
from opsdash_local import processes
from opsdash_local.environment import inherited
from opsdash_local.ports import LOOPBACK, free_port
from opsdash_local.services import SERVICES

from tests.support.fork_server import MODULES, Request, Start, as_line

_FOLDER = "fork_sockets"
_of_the_run: dict[str, Path] = {}


class Forked:
    """As much of `subprocess.Popen` as tests use."""

    def __init__(self, server: _Server, pid: int) -> None:
        self.pid = pid
        self._server = server
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            self._code = self._server.ask(self.pid)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if timeout is not None and deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class _Server:
    """What forks for this process from one package; it ends, and takes its children along, when this process does."""

    def __init__(self, package: str) -> None:
        self._lock = threading.Lock()
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(str(_sockets() / package))
        self._answers = self._connection.makefile()

    def ask(self, request: Request) -> Any:
        with self._lock:
            self._connection.sendall(as_line(request).encode())
            return loads(self._answers.readline())


class _Parent:
    """Forks the servers of all packages, for every process that knows its folder of sockets; ends with this one."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="opsdash-fork-")
        self.sockets = Path(self._folder.name)
        packages = {package for service in SERVICES for package in (service.module, service.program)}
        listeners = {package: socket.socket(socket.AF_UNIX) for package in packages}
        for package, listener in listeners.items():
            listener.bind(str(self.sockets / package))
            listener.listen()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", f"{__package__}.fork_server"),
                *(f"{package}={listener.fileno()}" for package, listener in listeners.items()),
            ],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno() for listener in listeners.values()],
            env=inherited(),
            cwd=Path(__file__).parents[2],  # where its module is found
            process_group=0,
        )
        for listener in listeners.values():
            listener.close()


_own_parent = cache(_Parent)


def _sockets() -> Path:
    return _of_the_run.get(_FOLDER) or _own_parent().sockets


def pytest_configure(config: pytest.Config) -> None:
    if _FOLDER in (told := getattr(config, "workerinput", {})):
        _of_the_run[_FOLDER] = Path(told[_FOLDER])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """All workers fork from the same processes: each loading its own takes a second for every service."""
    node.workerinput[_FOLDER] = str(_sockets())


def prepare(*packages: str) -> None:
    """Let their modules be loaded at the same time, not one after the other as they are asked for."""
    for package in packages:
        _server_of(package)


@cache
def _server_of(package: str) -> _Server:
    return _Server(package)


def loaded(package: str) -> set[str]:
    """The modules that it loads to serve."""
    return set(_server_of(package).ask(MODULES))


def fork(package: str, *arguments: str, env: Mapping[str, str], stdout: Path, stderr: Path) -> Forked:
    """`python -m package arguments` with exactly this environment, in a process group of its own."""
    for file in (stdout, stderr):
        file.parent.mkdir(parents=True, exist_ok=True)
    server = _server_of(package)
    return Forked(server, server.ask(Start([package, *arguments], {**env}, str(stdout), str(stderr))))


def run(package: str, *arguments: str, env: Mapping[str, str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Wait for it; the exit code and what it printed."""
    with TemporaryDirectory() as folder:
        stdout, stderr = Path(folder, "stdout"), Path(folder, "stderr")
        process = fork(package, *arguments, env=env, stdout=stdout, stderr=stderr)
        code = process.wait(timeout)
        texts = [file.read_text(encoding="utf-8") if file.exists() else "" for file in (stdout, stderr)]
    return subprocess.CompletedProcess[str]([package, *arguments], code, *texts)


class ServiceProcess:
    """`python -m opsdash_<service> serve`, or another `program`, on a free port, with exactly these OPSDASH_ settings.

    Forked from a process that has imported what it imports; tests of the start itself ask for `fresh` ones.
    """

    def __init__(
        self,
        service: str,
        env: Mapping[str, str],
        log_dir: Path,
        *,
        name: str | None = None,
        fresh: bool = False,
        program: str | None = None,
    ) -> None:
        self.module = program or f"opsdash_{service.replace('-', '_')}"
        self.env = {"OPSDASH_HTTP_PORT": str(free_port()), **env}
        self.log_file = log_dir / f"{name or service}.log"
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self._fresh = fresh

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.env['OPSDASH_HTTP_PORT']}"

    @property
    def operations_url(self) -> str:
        """Where /livez, /readyz and /metrics are."""
        return f"http://{LOOPBACK}:{self.env.get('OPSDASH_OPERATIONS_PORT', self.env['OPSDASH_HTTP_PORT'])}"

    @property
    def pid(self) -> int:
        assert self.process is not None, "the service has not been started"
        return self.process.pid

    def start(self) -> Self:
        env, log = inherited() | self.env, self.log_file
        if self._fresh:
            self.process = processes.spawn([sys.executable, "-m", self.module, "serve"], env=env, log_file=log)
        else:
            self.process = fork(self.module, "serve", env=env, stdout=log, stderr=log)
        return self

    async def ready(self, timeout: float = 90.0) -> Self:
        """Wait until /readyz answers 200 without holding up the event loop."""
        await asyncio.to_thread(self.wait_ready, timeout)
        return self

    def wait_ready(self, timeout: float = 90.0) -> None:
        """Wait until /readyz answers 200; fails at once, with the log, when the process ends instead."""
        processes.wait_until(
            lambda: self.exit_code is not None or self.is_ready(), timeout=timeout, longest_interval=0.05
        )
        if self.exit_code is not None or not self.is_ready():
            raise AssertionError(f"{self.module} is not ready (exit code {self.exit_code})\n{self.logs()}")

    def is_ready(self) -> bool:
        return self.status_of("/readyz") == 200

    def status_of(self, path: str, timeout: float = 2.0) -> int | None:
        """Status of one of the operations routes; none when nobody answers."""
        try:
            with urllib.request.urlopen(f"{self.operations_url}{path}", timeout=timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    async def readiness(self, timeout: float = 5.0) -> tuple[int | None, str]:
        """Status and body of /readyz; no status when nobody answers."""

        def ask() -> tuple[int | None, str]:
            try:
                with urllib.request.urlopen(f"{self.operations_url}/readyz", timeout=timeout) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                return error.code, error.read().decode()
            except OSError:
                return None, ""

        return await asyncio.to_thread(ask)

    @property
    def exit_code(self) -> int | None:
        return None if self.process is None else self.process.poll()

    def sigterm(self, timeout: float = 25.0) -> int:
        """Graceful stop; the exit code. Fails when the process needs more than the promised 25 seconds."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.sigkill()
            raise AssertionError(f"{self.module} did not stop within {timeout} s\n{self.logs()}") from None

    def sigkill(self) -> None:
        if self.process is not None:
            processes.kill(self.process)

    def sigstop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def sigcont(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def wait_exit(self, timeout: float = 25.0) -> int:
        """Wait for the process to end by itself; minus the signal number when it killed itself."""
        assert self.process is not None
        return self.process.wait(timeout)

    def logs(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def log_records(self) -> list[dict[str, Any]]:
        """The log lines that are JSON objects."""
        records = []
        for line in self.logs().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if isinstance(record, dict):
                records.append(record)
        return records

    async def wait_for_log(self, text: str, timeout: float = 60.0) -> None:
        deadline = time.monotonic() + timeout
        while text not in self.logs():
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} did not appear in the log\n{self.logs()}")
            await asyncio.sleep(0.05)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sigkill()
