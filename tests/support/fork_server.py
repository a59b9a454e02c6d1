"""Run as `python -m tests.support.fork_server PACKAGE=FD ...`: forks processes that have a service's modules loaded.

Each package has a listening socket, open as that file descriptor. The first connection to it forks a process that loads
what `python -m PACKAGE serve` imports before it does anything; every connection then has a fork of that, which answers
requests and forks the processes wanted. All of a run thus load a module once. None of them makes a thread, an event
loop or a connection to a server: those do not survive a fork. They end with standard input, or with their connection.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import select
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from socket import socket
from typing import Any, TypeAlias

from opsdash_local import processes

#: What each service imports, whatever else: the last ones once its settings are known to be good.
OF_ALL = (
    "opsdash_http.app",
    "opsdash_http.server.server",
    "opsdash_chassis.observability.logs",
    "opsdash_http.requests.telemetry",
)


MODULES = "modules"


@dataclass(frozen=True)
class Start:
    """A process that is wanted: arguments after `-m`, the whole environment, the files its output is appended to."""

    arguments: list[str]
    environment: dict[str, str]
    stdout: str
    stderr: str


#: A process to start, one whose exit code is wanted, or what has been loaded.
Request: TypeAlias = Start | int | str


def load(*modules: str) -> None:
    for name in modules:
        import_module(name)
    assert threading.active_count() == 1, "a thread that was started at import is not there after a fork"
    gc.collect()
    gc.freeze()


def serve_packages(packages: Mapping[socket, str]) -> Start | None:
    """Fork a server for each package that is asked for; returns in every process with what it is to be."""
    load(*OF_ALL)
    waiting = dict(packages)
    while (asked := wait_for(*waiting)) is not None:
        package = waiting.pop(asked)
        if os.fork() == 0:
            for other in waiting:
                other.close()
            return serve_connections(asked, package)
        asked.close()
    return None


def wait_for(*listeners: socket) -> socket | None:
    """The first that somebody has connected to; none at the end of standard input."""
    ready: list[Any] = select.select([sys.stdin, *listeners], [], [])[0]
    return None if sys.stdin in ready else ready[0]


def serve_connections(listener: socket, package: str) -> Start | None:
    load(f"{package}.app")
    while wait_for(listener) is not None:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            os.dup2(connection.fileno(), sys.stdin.fileno())
            os.dup2(connection.fileno(), sys.stdout.fileno())
            connection.close()
            return serve()
        connection.close()
    return None


def serve() -> Start | None:
    """Answer requests, one a line; returns in each child with what it is to be, in the parent at the end of them."""
    children: dict[int, int | None] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if isinstance(request, dict):
            pid = os.fork()
            if pid == 0:
                return Start(**request)
            os.setpgid(pid, pid)  # here too: whoever kills the group must find it
            children[pid] = None
            _answer(pid)
        elif request == MODULES:
            _answer(sorted(sys.modules))
        else:
            if children[request] is None:
                children[request] = _exit_code(request)
            _answer(children[request])
    for pid, code in children.items():
        if code is None and _exit_code(pid) is None:
            os.killpg(pid, signal.SIGKILL)
    return None


def _answer(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _exit_code(pid: int) -> int | None:
    """Of a child that has ended and was not asked about before: minus the signal that killed it."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(start: Start) -> None:
    """Be the process that `python -m` would have started."""
    os.setpgid(0, 0)
    processes.end_with_parent(signal.SIGKILL)
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, start.stdout, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
        (2, start.stderr, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
    ):
        opened = os.open(path, flags, 0o666)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(start.environment)
    sys.argv = list(start.arguments)
    runpy.run_module(start.arguments[0], run_name="__main__", alter_sys=True)


def as_line(request: Request) -> str:
    return json.dumps(asdict(request) if isinstance(request, Start) else request) + "\n"


if __name__ == "__main__":
    named = (argument.split("=") for argument in sys.argv[1:])
    if (wanted := serve_packages({socket(fileno=int(number)): package for package, number in named})) is not None:
        become(wanted)
