"""Processes of a service that start at once: forked from one that has the service's modules loaded already.

For tests of what a service does. Where its start is what is tested, `python -m` starts it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from json import loads
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from opsdash_local.environment import inherited
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


@cache
def _own_parent() -> _Parent:
    return _Parent()


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
