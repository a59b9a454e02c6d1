"""The whole stack as a person starts it: cold, warm, twice, refused, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from opsdash_local import data_folder, preflight
from opsdash_local.errors import LocalStackError, NoSpaceError
from opsdash_local.lock import exclusive
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.processes import wait_until
from opsdash_local.services import BACKENDS
from opsdash_local.settings import Ports, StackSettings

from tests.support.local_stack import RunningStack, free_block, nothing_listens


async def comments_are_counted(folder: Path, port: int) -> bool:
    """Whether the tickets know of every comment: their events arrive a moment after the demo has written them."""
    server = EmbeddedPostgres(folder / "data" / "postgres", Ports(port).postgres).admin_url.rpartition("/")[0]
    counts = []
    for database, statement in (
        ("comments", "SELECT count(*) FROM comments WHERE deleted_at IS NULL"),
        ("tickets", "SELECT sum(comment_count) FROM tickets"),
    ):
        connection = await asyncpg.connect(f"{server}/{database}")
        counts.append(await connection.fetchval(statement))
        await connection.close()
    return bool(counts[0] == counts[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="module")
def stack(folder: Path) -> Iterator[RunningStack]:
    """Cold: everything is made here for the first time."""
    running = RunningStack(folder, free_block())
    running.wait_ready()
    yield running
    running.process.kill()
    running.process.wait()


@pytest.mark.slow
class TestRun:
    def test_the_demo_is_there_and_the_printed_command_works(self, stack: RunningStack) -> None:
        assert len(stack.tickets()) == 60
        assert f"http://127.0.0.1:{stack.port}/schema" in stack.text()
        assert len(re.findall(r"/dev/sign-in/[0-9a-f-]{36}", stack.text())) == 12

    def test_it_says_which_broker_it_runs_on_and_which_it_could(self, stack: RunningStack) -> None:
        port = Ports(stack.port).kafka
        assert f"port {port}, in memory (KAFKA=apache: Apache Kafka)" in stack.text()

    def test_all_that_lies_in_the_data_folder_is_known_to_be_ours(self, stack: RunningStack, folder: Path) -> None:
        """`make clean` removes no other folder."""
        assert data_folder.what_is_foreign(folder / "data") is None

    def test_secrets_are_private_and_never_printed(self, stack: RunningStack, folder: Path) -> None:
        path = folder / "data" / "secrets.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        logs = "".join(log.read_text() for log in (folder / "data" / "logs").glob("*.log"))
        for secret in json.loads(path.read_text()).values():
            assert secret not in stack.text() + logs

    def test_data_and_logs_are_their_owners_alone(self, stack: RunningStack, folder: Path) -> None:
        data = folder / "data"
        found = [path for path in (data, *data.rglob("*")) if not path.is_symlink()]
        assert [path for path in found if path.lstat().st_mode & 0o077] == []
        assert {path.suffix for path in found} >= {".log", ".pem", ".json"}

    def test_a_second_stack_on_the_same_folder_is_refused(self, stack: RunningStack, folder: Path) -> None:
        second = RunningStack(folder, free_block())
        assert second.process.wait(30) == 1
        assert f"another stack (process {stack.process.pid}) already runs on" in second.text()

    def test_a_second_stack_on_the_same_port_is_refused(self, stack: RunningStack, tmp_path: Path) -> None:
        second = RunningStack(tmp_path, stack.port)
        assert second.process.wait(30) == 1
        assert re.search(r"port \d+ .* is already in use.*PORT=\d+000 make run", second.text())
        assert len(second.text().splitlines()) == 1

    def test_events_are_shown_with_names(self, stack: RunningStack) -> None:
        command = [sys.executable, "-m", "opsdash_local.cli", "events", "--from-beginning", "--org", "pinecrest"]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PORT": str(stack.port)}
        ) as tail:
            assert tail.stdout is not None
            line = next(line for line in tail.stdout if "support_ticket" in line)
            tail.send_signal(signal.SIGINT)
            assert tail.wait(10) == 0
        assert re.search(r"tickets +support_ticket\.\w+ +pinecrest +#\d .+ by \w+ \w+", line)

    @pytest.mark.storm
    def test_it_stops_cleanly_survives_a_kill_and_keeps_its_tickets(self, stack: RunningStack, folder: Path) -> None:
        assert wait_until(lambda: asyncio.run(comments_are_counted(folder, stack.port)), timeout=30)
        before = stack.tickets()
        assert stack.stop() == 0
        stopped = re.findall(r"([\w-]+) stopped$", stack.text(), re.MULTILINE)
        backends = {service.name for service in BACKENDS}
        after = 1 + len(backends)
        assert [stopped[0], {*stopped[1:after]}, *stopped[after:]] == ["gateway", backends, "kafka", "postgres"]
        assert nothing_listens(stack.port)

        killed = RunningStack(folder, stack.port)
        killed.wait_ready()
        killed.process.kill()
        assert wait_until(lambda: nothing_listens(stack.port), timeout=10)

        again = RunningStack(folder, stack.port)
        again.wait_ready()
        assert again.tickets() == before
        assert again.stop(signal.SIGTERM) == 0
        assert nothing_listens(stack.port)

    def test_an_interrupted_start_leaves_nothing_running(self, tmp_path: Path) -> None:
        port = free_block()
        interrupted = RunningStack(tmp_path, port)
        assert wait_until(lambda: "PostgreSQL" in interrupted.text(), timeout=30)
        assert interrupted.stop() == 130
        assert "postgres stopped" in interrupted.text()
        assert nothing_listens(port)

    def test_a_database_that_does_not_answer_is_named_without_its_password(self, tmp_path: Path) -> None:
        port = free_block()
        refused = RunningStack(tmp_path, port, DATABASE_URL=f"postgresql://admin:hidden-word@127.0.0.1:{port}/postgres")
        assert refused.process.wait(60) == 1
        assert "check DATABASE_URL" in refused.text()
        assert "hidden-word" not in refused.text()
        assert nothing_listens(port)


class TestPreflight:
    def test_a_nearly_full_disk_is_refused_before_anything_starts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(preflight, "NEEDED_BYTES", 10**18)
        with pytest.raises(NoSpaceError, match=f"MB are free on the disk that holds {tmp_path}"):
            preflight.check(StackSettings.read({}, tmp_path))

    def test_the_logs_of_the_run_before_are_kept(self, tmp_path: Path) -> None:
        (tmp_path / "tickets.log").write_text("old")
        preflight.keep_previous_logs(tmp_path)
        assert (tmp_path / "tickets.log.previous").read_text() == "old"
        assert not (tmp_path / "tickets.log").exists()

    def test_the_lock_is_given_back(self, tmp_path: Path) -> None:
        with exclusive(tmp_path), pytest.raises(LocalStackError, match=f"process {os.getpid()}"), exclusive(tmp_path):
            pass
        with exclusive(tmp_path):
            pass
