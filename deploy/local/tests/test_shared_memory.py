"""A killed PostgreSQL leaves no shared memory in the system, unless one of its processes still uses it."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from opsdash_local import postgres, processes, shared_memory
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.processes import wait_until
from opsdash_local.supervisor import Supervisor

from tests.support.databases import ask


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    own = EmbeddedPostgres(tmp_path / "pg", free_port(), durable=False)
    own.start()
    yield own
    own.kill()


def segment_of(server: EmbeddedPostgres) -> str:
    segment = (server.data / "postmaster.pid").read_text().splitlines()[6].split()[1]
    assert attached_to(segment)
    return segment


def attached_to(segment: str) -> int | None:
    """How many processes are; None when there is no such segment."""
    rows = [line.split() for line in shared_memory.SEGMENTS.read_text().splitlines()]
    return next((int(row[6]) for row in rows if row[1] == segment), None)


def memory_of(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


async def test_a_killed_server_leaves_none_in_the_system(server: EmbeddedPostgres) -> None:
    segment = segment_of(server)
    session = await asyncpg.connect(server.admin_url)
    mapped = memory_of(server.pid)
    assert f"{server.data}/pg_dynshmem/" in mapped
    assert "/shm/PostgreSQL." not in mapped
    server.kill()
    assert attached_to(segment) is None
    session.terminate()


async def test_it_stays_while_a_process_of_the_killed_server_runs(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By it a second server sees that the data folder is still in use."""
    monkeypatch.setattr(postgres, "BACKENDS_LEAVE_SECONDS", 0.3)
    session = await asyncpg.connect(server.admin_url)
    segment, backend = segment_of(server), session.get_server_pid()
    os.kill(backend, signal.SIGSTOP)
    try:
        server.kill()
        assert attached_to(segment)
    finally:
        os.kill(backend, signal.SIGCONT)
    server.start()
    assert await ask(server, "SELECT 1") == 1
    session.terminate()


async def test_that_of_another_server_is_not_touched(server: EmbeddedPostgres) -> None:
    """The number may be another server's by now: the one that made the segment is compared too."""
    segment, pid_file = segment_of(server), server.data / "postmaster.pid"
    assert server.process is not None
    processes.kill(server.process)
    assert wait_until(lambda: attached_to(segment) == 0, timeout=10)
    own = pid_file.read_text()
    pid_file.write_text(f"1{own}")
    assert shared_memory.release(server.data)
    assert attached_to(segment) == 0
    pid_file.write_text(own)
    assert shared_memory.release(server.data)
    assert attached_to(segment) is None


async def test_a_second_stop_signal_leaves_none_and_no_row_is_lost(server: EmbeddedPostgres) -> None:
    await ask(server, "CREATE TABLE kept AS SELECT 7 AS n")
    segment = segment_of(server)
    with Supervisor() as supervisor:
        supervisor.add(postgres=server)
        supervisor.kill()
    assert attached_to(segment) is None
    server.start()
    assert await ask(server, "SELECT n FROM kept") == 7
