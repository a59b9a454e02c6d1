"""An embedded PostgreSQL 18 as our own child process: loopback TCP only, data kept between runs."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from opsdash_local import processes, shared_memory
from opsdash_local.errors import LocalStackError, NoSpaceError
from opsdash_local.ports import LOOPBACK, require_free
from opsdash_local.postgres_binaries import give_to_server_user, program, unprivileged

SUPERUSER = "postgres"
START_TIMEOUT_SECONDS = 60.0
BACKENDS_LEAVE_SECONDS = 2.0
NO_SPACE = "No space left on device"
STILL_IN_USE = "pre-existing shared memory block"
READY_LINE = 7  # postmaster.pid, eighth line: the state of the server, as pg_ctl reads it
INITDB_OPTIONS = (
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
)


class EmbeddedPostgres:
    """One server on one data folder. `durable=False` trades crash safety of the host for speed, for tests."""

    stop_signal = signal.SIGINT  # "fast": ends sessions, writes everything
    stop_timeout = 20.0
    kill_signal = (
        signal.SIGQUIT
    )  # "immediate": it ends at once without leaving shared memory, and recovers from its log

    def __init__(
        self,
        home: Path,
        port: int,
        *,
        log_file: Path | None = None,
        durable: bool = True,
        max_connections: int = 100,
    ) -> None:
        self.home = home.absolute()
        self.port = port
        self.log_file = (log_file or home / "postgres.log").absolute()
        self.data = self.home / "data"
        self._password_file = self.home / "superuser.password"
        self.process: subprocess.Popen[bytes] | None = None
        self._durable = durable
        self._max_connections = max_connections

    @property
    def admin_url(self) -> str:
        """URL of the superuser; keep it out of logs."""
        try:
            password = self._password_file.read_text(encoding="ascii")
        except FileNotFoundError as error:
            raise LocalStackError(
                f"{self._password_file} is missing, and nobody can enter the database beside it without it;"
                " put it back, or start with a new folder: DATA=.data-2 make run"
            ) from error
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self.port}/postgres"

    @property
    def pid(self) -> int:
        if self.process is None:
            raise LocalStackError("PostgreSQL has not been started")
        return self.process.pid

    def start(self) -> None:
        """Create the cluster when there is none, start the server and wait until it accepts connections."""
        stop_orphan(self.data)  # first, for it may be the one that listens on the port
        require_free(self.port, "PostgreSQL")
        self.initialise()
        for _ in range(20):
            self._launch()
            if processes.wait_until(self._is_ready_or_dead, timeout=START_TIMEOUT_SECONDS) and self._is_ready():
                return
            log = processes.last_lines(self.log_file)
            self.kill()
            if STILL_IN_USE not in log:
                raise _failure("PostgreSQL did not start", log, self.log_file)
            # Backends of a killed server need a moment to notice; the next try finds them gone.
            processes.wait_until(lambda: False, timeout=0.3)
        raise _failure("PostgreSQL did not start", log, self.log_file)

    def stop(self) -> int:
        """Fast shutdown: sessions are ended, everything is written; returns the exit code, 0 when clean."""
        if self.process is None:
            return 0
        processes.ask_to_stop(self.process, self.stop_signal)
        code = processes.wait_or_kill(self.process, timeout=self.stop_timeout, kill_signal=self.kill_signal)
        self.process = None
        return code

    def kill(self) -> None:
        """SIGKILL the server, as a crash would; its backends notice and leave, and their shared memory is freed."""
        if self.process is not None:
            processes.kill(self.process)
            self.process = None
            processes.wait_until(lambda: shared_memory.release(self.data), timeout=BACKENDS_LEAVE_SECONDS)

    def restart(self) -> None:
        self.stop()
        self.start()

    def initialise(self) -> None:
        """Run initdb once; an interrupted one leaves only a folder that the next try throws away."""
        if (self.data / "PG_VERSION").exists():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        _write_private(self._password_file, secrets.token_urlsafe(32))
        unfinished = self.home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        give_to_server_user(unfinished)
        command = [
            str(program("initdb")),
            "-D",
            str(unfinished),
            f"--pwfile={self._password_file}",
            *INITDB_OPTIONS,
        ]
        command += [] if self._durable else ["--no-sync"]
        done = subprocess.run(  # noqa: S603 - the command is ours
            unprivileged(command),
            env=_environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise _failure("creating the PostgreSQL data folder failed", done.stderr, self.home)
        unfinished.rename(self.data)

    def _launch(self) -> None:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": str(self._max_connections),
            "shared_buffers": "64MB",
            "log_line_prefix": "%m [%p] %u@%d ",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "dynamic_shared_memory_type": "mmap",  # files in the data folder: a killed server leaves nothing elsewhere
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        command = [str(program("postgres")), "-D", str(self.data)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.process = processes.spawn(
            unprivileged(command),
            env=_environment(),
            log_file=self.log_file,
            cwd=self.home,
            death_signal=self.kill_signal,
        )

    def _is_ready(self) -> bool:
        lines = _pid_file_lines(self.data)
        return (
            self.process is not None
            and self.process.poll() is None
            and len(lines) > READY_LINE
            and lines[0].strip() == str(self.process.pid)
            and lines[READY_LINE].strip() == "ready"
        )

    def _is_ready_or_dead(self) -> bool:
        return self._is_ready() or self.process is None or self.process.poll() is not None


def _environment() -> dict[str, str]:
    """Nothing of the operator's own server, and messages in the language in which `_failure` looks for reasons."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def stop_orphan(data: Path, *, timeout: float = 10.0) -> bool:
    """Stop a server that an earlier, killed run left behind on this data folder; true when there was one."""
    lines = _pid_file_lines(data)
    if not lines or not lines[0].strip().isdigit():
        return False
    pid = int(lines[0])
    if not _serves(pid, data):
        # The number may belong to another program by now, and PostgreSQL would refuse to start because of it.
        (data / "postmaster.pid").unlink(missing_ok=True)
        return False
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
        if processes.wait_until(lambda: not _serves(pid, data), timeout=timeout):
            return True
    raise LocalStackError(f"an earlier PostgreSQL (process {pid}) still runs on {data} and cannot be stopped")


def _serves(pid: int, data: Path) -> bool:
    import psutil  # noqa: PLC0415 - only after a crash, and it is not small

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        arguments = process.cmdline()
    except psutil.Error:
        return False
    return "-D" in arguments and Path(arguments[arguments.index("-D") + 1]) == data


def _pid_file_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)


def _failure(what: str, log: str, where: Path) -> LocalStackError:
    if NO_SPACE in log:
        return NoSpaceError(f"no space left on the disk that holds {where.parent}; free some and start again")
    reasons = re.findall(r"(?:FATAL|PANIC|initdb: error): *(.+)", log)
    return LocalStackError(f"{what}: {reasons[-1] if reasons else log.strip() or 'no message'} (see {where})")
