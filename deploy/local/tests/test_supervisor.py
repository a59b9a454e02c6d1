"""The supervisor: order of stop, last words of a dead child, and nothing left behind however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from opsdash_local import processes
from opsdash_local.errors import LocalStackError
from opsdash_local.supervisor import Job, StopRequested, Supervisor

OBEDIENT = """
import os, signal, sys, time
def leave(*_):
    os.write(1, b'leaving\\n'); sys.exit(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
signal.signal(signal.SIGTERM, leave)
print('up', flush=True)
time.sleep(60)
"""
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'asked\\n'))
print('up', flush=True)
time.sleep(60)
"""
DYING = "import sys, time; print('something broke', flush=True); time.sleep(0.3); sys.exit(3)"

MEMBERS = ("a", "b", "c")
MEETING = f"""
import sys, time
from pathlib import Path
Path(sys.argv[1], sys.argv[2]).touch()
for _ in range(600):
    if all(Path(sys.argv[1], name).exists() for name in {MEMBERS}):
        sys.exit(0)
    time.sleep(0.05)
sys.exit('the others never came')
"""


class FakeServer:
    """A small Python program in the role of a server."""

    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, script: str, log_file: Path, *arguments: str, stop_timeout: float = 10.0) -> None:
        self.log_file = log_file
        self.stop_timeout = stop_timeout
        self.process: subprocess.Popen[bytes] | None = None
        self._command = [sys.executable, "-c", script, *arguments]

    def start(self) -> None:
        self.process = processes.spawn(self._command, log_file=self.log_file)

    def is_up(self) -> bool:
        return self.log_file.exists() and "up" in self.log_file.read_text()


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., FakeServer]:
    def build(name: str, script: str = OBEDIENT, *arguments: str, **options: float) -> FakeServer:
        return FakeServer(script, tmp_path / f"{name}.log", *arguments, **options)

    return build


def started(supervisor: Supervisor, **servers: FakeServer) -> None:
    supervisor.add(**servers)
    for name, server in servers.items():
        server.start()
        if server._command[2] != DYING:
            supervisor.wait_for(server.is_up, timeout=10, what=name)


def exit_codes(*servers: FakeServer) -> list[int | None]:
    return [None if server.process is None else server.process.poll() for server in servers]


def watch_until(number: signal.Signals, supervisor: Supervisor, *, after: float = 0.2) -> None:
    """On a busy machine the signal may come before the watch begins."""
    threading.Timer(after, os.kill, (os.getpid(), number)).start()
    supervisor.watch()


def signal_when(log_file: Path, said: str, number: signal.Signals) -> None:
    def send() -> None:
        processes.wait_until(lambda: said in processes.last_lines(log_file), timeout=30)
        os.kill(os.getpid(), number)

    threading.Thread(target=send).start()


class TestStop:
    def test_groups_stop_in_reverse_order_of_their_start(self, make: Callable[..., FakeServer]) -> None:
        said: list[str] = []
        servers = [make("database"), make("broker"), make("one"), make("gateway")]
        with Supervisor(said.append) as supervisor:
            started(supervisor, database=servers[0])
            started(supervisor, broker=servers[1])
            started(supervisor, one=servers[2])
            started(supervisor, gateway=servers[3])
        assert said == ["gateway stopped", "one stopped", "broker stopped", "database stopped"]
        assert exit_codes(*servers) == [0, 0, 0, 0]
        assert not supervisor.unclean

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_each_stop_signal_ends_the_watch(self, make: Callable[..., FakeServer], number: signal.Signals) -> None:
        server = make("server")
        with Supervisor() as supervisor:
            started(supervisor, server=server)
            with pytest.raises(StopRequested):
                watch_until(number, supervisor)
        assert exit_codes(server) == [0]

    def test_a_child_that_does_not_stop_in_time_is_killed_and_reported(self, make: Callable[..., FakeServer]) -> None:
        server = make("server", STUBBORN, stop_timeout=0.3)
        with Supervisor() as supervisor:
            started(supervisor, server=server)
        assert supervisor.unclean == {"server": -signal.SIGKILL}

    def test_a_child_that_fails_while_stopping_is_reported(self, make: Callable[..., FakeServer]) -> None:
        server = make("server", OBEDIENT, "4")
        with Supervisor() as supervisor:
            started(supervisor, server=server)
        assert supervisor.unclean == {"server": 4}

    def test_a_frozen_child_is_woken_to_stop(self, make: Callable[..., FakeServer]) -> None:
        server = make("server")
        with Supervisor() as supervisor:
            started(supervisor, server=server)
            assert server.process is not None
            server.process.send_signal(signal.SIGSTOP)
        assert exit_codes(server) == [0]

    def test_a_second_signal_kills_what_is_left(self, make: Callable[..., FakeServer]) -> None:
        first, second = make("first"), make("second", STUBBORN, stop_timeout=120.0)
        begin = time.monotonic()
        with Supervisor() as supervisor:
            started(supervisor, first=first)
            started(supervisor, second=second)
            signal_when(second.log_file, "asked", signal.SIGINT)
        assert time.monotonic() - begin < 60
        assert exit_codes(first, second) == [-signal.SIGKILL, -signal.SIGKILL]

    def test_the_former_signal_handlers_come_back(self) -> None:
        before = signal.getsignal(signal.SIGINT)
        with Supervisor():
            assert signal.getsignal(signal.SIGINT) != before
        assert signal.getsignal(signal.SIGINT) == before


class TestWatch:
    def test_a_dead_child_is_named_with_its_last_words_and_the_others_stop(
        self, make: Callable[..., FakeServer]
    ) -> None:
        healthy, sick = make("healthy"), make("sick", DYING)

        def watch() -> None:
            with Supervisor() as supervisor:
                started(supervisor, healthy=healthy)
                started(supervisor, sick=sick)
                supervisor.watch()

        with pytest.raises(LocalStackError, match=r"sick ended unexpectedly \(exit code 3\).*\n*something broke"):
            watch()
        assert exit_codes(healthy) == [0]

    def test_a_killed_child_is_called_killed(self, make: Callable[..., FakeServer]) -> None:
        server = make("server")
        with Supervisor() as supervisor:
            started(supervisor, server=server)
            assert server.process is not None
            server.process.kill()
            with pytest.raises(LocalStackError, match="killed by SIGKILL"):
                supervisor.watch()

    def test_watching_costs_no_processor_time(self, make: Callable[..., FakeServer]) -> None:
        with Supervisor() as supervisor:
            started(supervisor, server=make("server"))
            before = time.thread_time()  # of this thread: others belong to the test run
            with pytest.raises(StopRequested):
                watch_until(signal.SIGTERM, supervisor, after=1.0)
            assert time.thread_time() - before < 0.1


class TestWaitFor:
    def test_a_child_that_dies_ends_the_wait_at_once(self, make: Callable[..., FakeServer]) -> None:
        with Supervisor() as supervisor:
            started(supervisor, sick=make("sick", DYING))
            begin = time.monotonic()
            with pytest.raises(LocalStackError, match="something broke"):
                supervisor.wait_for(lambda: False, timeout=120, what="the sick one")
            assert time.monotonic() - begin < 60

    def test_a_child_that_never_gets_ready_is_named(self, make: Callable[..., FakeServer]) -> None:
        with Supervisor() as supervisor:
            started(supervisor, server=make("server"))
            with pytest.raises(LocalStackError, match="the server was not ready within 0 seconds"):
                supervisor.wait_for(lambda: False, timeout=0.2, what="the server")


class TestJobs:
    def test_jobs_run_side_by_side(self, tmp_path: Path) -> None:
        """Each one ends when all of them have begun."""
        jobs = {
            name: Job([sys.executable, "-c", MEETING, str(tmp_path), name], os.environ, tmp_path / f"{name}.log")
            for name in MEMBERS
        }
        with Supervisor() as supervisor:
            supervisor.run_jobs(jobs)

    def test_a_failed_job_is_named_with_its_output(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", "import sys; sys.exit('no such table')"]
        with (
            pytest.raises(LocalStackError, match=r"migrate failed \(exit code 1\)(.|\n)*no such table"),
            Supervisor() as supervisor,
        ):
            supervisor.run_jobs({"migrate": Job(command, os.environ, tmp_path / "job.log")})

    def test_a_stop_signal_kills_running_jobs(self, tmp_path: Path) -> None:
        job = Job([sys.executable, "-c", STUBBORN], os.environ, tmp_path / "job.log")
        with Supervisor() as supervisor:
            signal_when(tmp_path / "job.log", "up", signal.SIGINT)
            with pytest.raises(StopRequested):
                supervisor.run_jobs({"job": job})
            running = list(supervisor._jobs)
        assert [process.poll() for process in running] == [-signal.SIGKILL]

    def test_a_stop_signal_in_the_middle_of_a_start_leaves_no_job_running(self, tmp_path: Path) -> None:
        started: list[subprocess.Popen[bytes]] = []

        class Interrupted(Job):
            def start(self) -> subprocess.Popen[bytes]:
                started.append(super().start())
                signal.raise_signal(signal.SIGINT)
                return started[-1]

        job = Interrupted([sys.executable, "-c", STUBBORN], os.environ, tmp_path / "job.log")
        with Supervisor() as supervisor, pytest.raises(StopRequested):
            supervisor.run_jobs({"job": job})
        assert [process.poll() for process in started] == [-signal.SIGKILL]
