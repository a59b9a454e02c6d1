"""`opsdash run` where it cannot work: one line that says what is in the way and what to do about it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from opsdash_local import cli, stack
from opsdash_local.environment import ROLES
from opsdash_local.errors import LocalStackError, explained
from opsdash_local.ports import free_port, require_free
from opsdash_local.postgres import EmbeddedPostgres

from tests.support.local_stack import free_block

AS_A_USER = """
import encodings.ascii, os, sys
from opsdash_local import cli, progress, settings, stack
from rich import console
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
cli.main(["run", "--data", sys.argv[1]])
"""


def touch(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def link(path: Path) -> Path:
    path.symlink_to("/nowhere/at/all")
    return path


def stack_folder(folder: Path, name: str, text: str = "") -> Path:
    touch(folder / "data" / "lock")
    touch(folder / "data" / name, text)
    return folder / "data"


@pytest.fixture(autouse=True)
def own_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", str(free_block()))
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "KAFKA"):
        monkeypatch.delenv(name, raising=False)


def refusal(*arguments: str, capfd: pytest.CaptureFixture[str]) -> str:
    """The one line that is said."""
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    said = capfd.readouterr()
    text = f"{said.out}{said.err}{ended.value.code if isinstance(ended.value.code, str) else ''}".strip()
    assert ended.value.code not in {None, 0}
    assert len(text.splitlines()) == 1, text
    return text


class TestDataFolder:
    @pytest.mark.parametrize(
        ("place", "said"),
        [
            (lambda folder: touch(folder / "a"), "/a is a file; name one where you may write: DATA="),
            (lambda folder: touch(folder / "a") / "b" / "c", "/a is a file; name one where you may write: DATA="),
            (lambda folder: link(folder / "a"), "it is a link to /nowhere/at/all, which is not there"),
            (lambda folder: folder / ("x" * 300), "file name too long"),
            (lambda folder: touch(folder / "a" / "thesis.txt").parent, "holds other things already (thesis.txt)"),
            (lambda folder: stack_folder(folder, "logs"), "/logs: file exists"),
            (lambda folder: touch(folder / "lock" / "x").parent.parent, "cannot be used: is a directory; name one"),
            (lambda folder: stack_folder(folder, "secrets.json/x"), "/secrets.json: is a directory"),
            (lambda folder: stack_folder(folder, "secrets.json", "{'token': abc"), "secrets.json is damaged; remove"),
            (lambda folder: stack_folder(folder, "secrets.json", '["a"]'), "secrets.json is damaged; remove"),
            (lambda folder: stack_folder(folder, "secrets.json", '{"a": null}'), "secrets.json is damaged; remove"),
        ],
    )  # fmt: skip
    def test_what_is_in_the_way_is_named(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], place: Callable[[Path], Path], said: str
    ) -> None:
        assert said in refusal("run", "--data", str(place(tmp_path)), capfd=capfd)

    def test_a_folder_that_may_not_be_written_is_named_with_its_owner(self, tmp_path: Path) -> None:
        (tmp_path / "locked").mkdir(mode=0o555)
        command = [sys.executable, "-c", AS_A_USER, str(tmp_path / "locked" / "data")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        owner = " (it belongs to root)" if os.geteuid() == 0 else ""
        assert done.stderr == (
            f"opsdash: the data folder {tmp_path}/locked/data cannot be used: permission denied{owner};"
            " name one where you may write: DATA=folder make run\n"
        )

    @pytest.mark.parametrize("folder", ["file", "file/below"])
    def test_so_does_the_folder_of_secrets(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], folder: str
    ) -> None:
        touch(tmp_path / "file")
        assert f"{tmp_path}/file" in refusal("secrets", "--folder", str(tmp_path / folder), capfd=capfd)

    def test_a_lock_that_a_killed_stack_left_is_no_hindrance(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """The number in it may belong to another program by now: only the kernel's lock counts."""
        data = stack_folder(tmp_path, "secrets.json", "damaged")
        (data / "lock").write_text(str(os.getpid()))
        assert "secrets.json is damaged" in refusal("run", "--data", str(data), capfd=capfd)


class TestErrors:
    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
    def test_a_disk_that_fills_up_meanwhile_is_called_full(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: int
    ) -> None:
        def full(_: object) -> None:
            raise OSError(number, os.strerror(number), "people.json")

        monkeypatch.setattr(stack.Stack, "start", full)
        assert "no space left" in refusal("run", "--data", str(tmp_path / "data"), capfd=capfd)

    def test_so_is_one_on_which_a_job_could_not_write_its_last_words(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_: object) -> None:
            monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=8192))
            raise LocalStackError("provision failed (exit code 1)")

        monkeypatch.setattr(stack.Stack, "start", fail)
        line = refusal("run", "--data", str(tmp_path / "data"), capfd=capfd)
        assert line.startswith(f"opsdash: no space left on the disk that holds {tmp_path}/data; free some")
        assert line.endswith("provision failed (exit code 1)")

    def test_an_error_that_is_ours_keeps_its_stack(self) -> None:
        assert explained(OSError(errno.EBADF, "Bad file descriptor", "x")) is None
        assert explained(PermissionError("without a file")) is None


class TestPorts:
    @pytest.mark.parametrize("port", ["abc", "0", "-1", "65530", "80 80", "٨٠٠٠"])
    @pytest.mark.parametrize("command", ["run", "events"])
    def test_what_is_no_port_is_said(
        self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str, port: str
    ) -> None:
        monkeypatch.setenv("PORT", port)
        assert "PORT must be a whole number from 1 to 65522" in refusal(command, capfd=capfd)

    @pytest.mark.parametrize(
        ("number", "said"),
        [
            (errno.EACCES, "port 80 .* is for root: this user may listen on ports from 1024 up; PORT=8000 make run"),
            (errno.EADDRNOTAVAIL, "nothing can listen on 127.0.0.1, port 80"),
        ],
    )
    def test_a_port_is_called_taken_only_where_it_is(
        self, monkeypatch: pytest.MonkeyPatch, number: int, said: str
    ) -> None:
        def refuse(*_: object) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(socket.socket, "bind", refuse)
        with pytest.raises(LocalStackError, match=said):
            require_free(80, "the gateway")

    def test_the_block_of_ports_that_is_offered_instead_is_free(self) -> None:
        with socket.socket() as taken, socket.socket() as also_taken:
            taken.bind(("127.0.0.1", free_block()))
            taken.listen()
            also_taken.bind(("127.0.0.1", 9005))
            also_taken.listen()
            with pytest.raises(LocalStackError, match=r"PORT=[1-3]\d000 make run"):
                require_free(taken.getsockname()[1], "the gateway")


class TestKafka:
    @pytest.mark.parametrize("servers", ["kafka:port", "kafka:", "a:1,,b:2", "PLAINTEXT://kafka:9092", "a b:9092"])
    def test_what_is_no_address_is_said(self, capfd: pytest.CaptureFixture[str], servers: str) -> None:
        line = refusal("events", "--bootstrap", servers, capfd=capfd)
        assert line == "opsdash: --bootstrap must look like kafka-1.example:9092,kafka-2.example:9092"

    def test_the_variable_is_named(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:port")
        line = refusal("run", "--data", str(tmp_path / "data"), capfd=capfd)
        assert "KAFKA_BOOTSTRAP_SERVERS must look like" in line


class TestJobs:
    """What a job writes last is what the stack says of it."""

    def last_line(self, module: str, **environ: str) -> str:
        command = [sys.executable, "-m", module]
        done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()[-1]

    def test_a_gateway_that_is_away_ends_the_demo_with_its_address(self) -> None:
        port = free_port()
        environ = {"DEMO_GATEWAY_URL": f"http://127.0.0.1:{port}", "DEMO_WORKSPACE_TOKEN": "x"}
        assert f"Cannot connect to host 127.0.0.1:{port}" in self.last_line("opsdash_local.demo", **environ)

    def test_a_server_that_lets_nobody_in_is_named_with_the_way_out_but_not_with_its_password(
        self, postgres_server: EmbeddedPostgres
    ) -> None:
        url = f"postgresql://postgres:hidden-word@127.0.0.1:{postgres_server.port}/postgres"
        work = {"admin_url": url, "services": {"tickets": dict.fromkeys(ROLES, "x")}, "way_out": "look there"}
        line = self.last_line("opsdash_local.provisioning", PROVISION=json.dumps(work))
        assert line.startswith(f"PostgreSQL at 127.0.0.1:{postgres_server.port}: password authentication failed")
        assert line.endswith("; look there")
        assert "hidden-word" not in line
