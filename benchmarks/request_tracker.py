"""Request Tracker 5, as Debian packages it, as child processes on the stack's own database server.

`rt-server` serves it, as its documentation shows, by Starlet with several workers. Configuration, caches and log lie in
the data folder of the bench, and no configuration of the machine's own Request Tracker is read.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import asyncpg
import psutil
from opsdash_local.child import http_status
from opsdash_local.processes import ask_to_stop, last_lines, spawn, wait_or_kill, wait_until

from benchmarks.bench_stack import BenchStack

#: The last two keep Debian from setting up a database and a mail server for it.
PACKAGES = ("request-tracker5", "rt5-db-postgresql", "rt5-standalone", "dbconfig-no-thanks", "msmtp-mta")
LIBRARIES = Path("/usr/share/request-tracker5/lib")
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = Path("/usr/sbin/rt-setup-database-5")
WORKERS = 4
START_SECONDS, STOP_SECONDS = 60, 20
CONFIG, PASSWORD = "RT_SiteConfig.pm", "root.password"
#: More than a run sends: a worker that is replaced would take its processor time with it.
_ENDLESS = "1000000"
_DATABASE = "request_tracker"
_PERSON = "root"
_CONFIG = """
Set($rtname, 'bench'); Set($Organization, 'bench.example'); Set($Timezone, 'UTC');
Set($WebDomain, '127.0.0.1'); Set($WebPort, {port});
Set($DatabaseType, 'Pg'); Set($DatabaseHost, '127.0.0.1'); Set($DatabasePort, '{database_port}');
Set($DatabaseName, '{database}'); Set($DatabaseUser, '{database}'); Set($DatabasePassword, '{password}');
Set($LogToSyslog, undef); Set($LogToFile, undef); Set($LogToSTDERR, 'warning');
# Mail is written, but nobody gets it.
Set($MailCommand, sub {{ 1 }});
$RT::VarPath = '{folder}'; $RT::MasonDataDir = '{folder}/mason';
1;
"""
_CREDENTIAL_SCRIPT = """
RT::LoadConfig(); RT::Init(); my $user = RT::User->new(RT->SystemUser); $user->Load($ARGV[0]);
my ($id, $message, $token) = RT::AuthToken->new(RT->SystemUser)->Create(Owner => $user->id, Description => 'bench');
die $message unless $id; print $token;
"""


def require_installed() -> None:
    """Raises SystemExit that names the packages."""
    if missing := [str(path) for path in (SERVER, SETUP) if not path.exists()]:
        raise SystemExit(
            f"Request Tracker 5 is not installed ({' and '.join(missing)} not found); Debian has it:"
            f" apt-get install --no-install-recommends {' '.join(PACKAGES)}"
        )


class RequestTracker:
    """New and empty, in a database of its own that exists as long as it runs."""

    def __init__(self, stack: BenchStack) -> None:
        self._stack = stack
        self._password = secrets.token_urlsafe(24)
        self._folder = stack.settings.data / "request-tracker"
        self._log = stack.settings.logs / "request-tracker.log"
        self.port = stack.port + 15

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def fetch(self, statement: str) -> list[asyncpg.Record]:
        """As the database server's administrator, in the database of Request Tracker."""
        return await self._fetch(f"{self._stack.postgres.admin_url.rpartition('/')[0]}/{_DATABASE}", statement)

    def __enter__(self) -> Self:
        require_installed()
        self._configure()
        asyncio.run(self._create_database())
        self._run([SETUP, "--action", "init", "--skip-create", "--root-password-file", self._folder / PASSWORD])
        command: list[str | Path] = [
            SERVER, "--host", "127.0.0.1", "--port", str(self.port), "--max-workers", str(WORKERS),
            "--max-reqs-per-child", _ENDLESS, "--max-keepalive-reqs", _ENDLESS,
        ]  # fmt: skip
        self._child = spawn(command, env=self._environment, log_file=self._log, death_signal=signal.SIGTERM)
        if not wait_until(lambda: http_status(self.port, "/REST/2.0/rt") == b"401", timeout=START_SECONDS):
            self._stop()
            raise SystemExit(f"Request Tracker did not start: {last_lines(self._log)}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()
        asyncio.run(self._drop_database())

    def processes(self) -> dict[str, list[psutil.Process]]:
        """With the database server, on which the idle services of the product cost next to nothing."""
        server = psutil.Process(self._child.pid)
        found = {name: members for name, members in self._stack.processes().items() if name == "postgresql"}
        return found | {"request tracker": [server, *server.children(recursive=True)]}

    def session(self) -> dict[str, str]:
        """Headers of somebody who has signed in by password. Changes must come from its own address."""
        return {"Cookie": asyncio.run(self._sign_in()), "Origin": self.url}

    def token(self) -> dict[str, str]:
        """Headers of a program with an auth token."""
        command = ["perl", f"-I{LIBRARIES}", "-MRT", "-e", _CREDENTIAL_SCRIPT, _PERSON]
        return {"Authorization": f"token {self._run(command)}"}

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
            "RT_SITE_CONFIG": str(self._folder / CONFIG),
            "RT_SITE_CONFIG_DIR": str(self._folder / "none"),
        }

    def _configure(self) -> None:
        self._folder.mkdir(exist_ok=True)
        config = _CONFIG.format(
            port=self.port, database_port=self._stack.settings.ports.postgres, database=_DATABASE,
            password=self._password, folder=self._folder,
        )  # fmt: skip
        for name, text in ((CONFIG, config), (PASSWORD, self._password)):
            file = self._folder / name
            file.touch(mode=0o600)
            file.write_text(text, encoding="utf-8")

    async def _create_database(self) -> None:
        await self._drop_database()
        admin_url = self._stack.postgres.admin_url
        await self._fetch(admin_url, f"CREATE ROLE {_DATABASE} LOGIN PASSWORD '{self._password}'")
        await self._fetch(admin_url, f"CREATE DATABASE {_DATABASE} OWNER {_DATABASE}")

    async def _drop_database(self) -> None:
        admin_url = self._stack.postgres.admin_url
        await self._fetch(admin_url, f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
        await self._fetch(admin_url, f"DROP ROLE IF EXISTS {_DATABASE}")

    async def _fetch(self, url: str, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    def _stop(self) -> None:
        ask_to_stop(self._child, signal.SIGTERM)
        wait_or_kill(self._child, timeout=STOP_SECONDS)

    def _run(self, command: Sequence[str | Path]) -> str:
        done = subprocess.run(  # noqa: S603 - the commands are ours
            command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        with self._log.open("a", encoding="utf-8") as log:
            log.write(done.stderr)
        if done.returncode != 0:
            raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
        return done.stdout

    async def _sign_in(self) -> str:
        form = {"user": _PERSON, "pass": self._password}
        # The cookies of an address without a name are kept as well.
        jar = aiohttp.CookieJar(unsafe=True)
        async with (
            aiohttp.ClientSession(cookie_jar=jar) as session,
            session.post(f"{self.url}/NoAuth/Login.html", data=form, allow_redirects=False) as answer,
        ):
            cookies = "; ".join(f"{cookie.key}={cookie.value}" for cookie in answer.cookies.values())
        if not cookies:
            raise SystemExit(f"Request Tracker did not let {_PERSON} sign in: {answer.status}")
        return cookies
