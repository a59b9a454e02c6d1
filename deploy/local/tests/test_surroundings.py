"""The stack on machines, in folders and under shells that are not like the developer's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from opsdash_local.child import http_status
from opsdash_local.processes import wait_until

from tests.support.local_stack import RunningStack, free_block, nothing_listens

ROOT = Path(__file__).parents[3]
SERVING = "service gateway"
LONG = f"mis datos ñ 100% {'x' * 140}"
HOSTILE = {
    "PGSSLMODE": "require", "PGOPTIONS": "-c search_path=nowhere", "PGPORT": "1",
    "http_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "SSL_CERT_FILE": "/nonexistent",
    "HOME": "/nonexistent", "TMPDIR": "/nonexistent", "TZ": "Nowhere/City",
    "PYTHONWARNINGS": "error", "COLUMNS": "5", "TERM": "dumb",
}  # fmt: skip


@dataclass(frozen=True)
class Surroundings:
    """`mark` is what a finished step begins with, as bytes of the terminal."""

    mark: bytes
    folder: str = "plain"
    base: Mapping[str, str] = field(default_factory=lambda: os.environ)
    umask: int = -1
    environ: Mapping[str, str] = field(default_factory=dict)


ONE_BY_ONE = {
    "a path of 160 letters with spaces and accents": Surroundings("✓".encode(), folder=LONG),
    "umask 077 and LC_ALL=C": Surroundings(b"+", umask=0o077, folder="ñ", environ={"LC_ALL": "C"}),
    "a Turkish Latin terminal": Surroundings(
        b"+", environ={"LC_ALL": "tr_TR.ISO-8859-9", "LANGUAGE": "tr", "PYTHONIOENCODING": "iso8859-9"}
    ),
    "an empty environment": Surroundings("✓".encode(), base={"PATH": "/usr/bin:/bin"}),
    "a shell full of settings for other programs": Surroundings("✓".encode(), environ=HOSTILE),
}
ALL_AT_ONCE = "all that can be at once"
SURROUNDINGS = {
    **ONE_BY_ONE,
    ALL_AT_ONCE: Surroundings(b"+", folder=LONG, umask=0o077, environ={**HOSTILE, "LC_ALL": "C"}),
}


@contextmanager
def ended(running: RunningStack) -> Iterator[RunningStack]:
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop(signal.SIGKILL)


@pytest.mark.storm
@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", [ALL_AT_ONCE, *ONE_BY_ONE])
def test_a_cold_start_serves_and_stops_in_order_in(tmp_path: Path, name: str) -> None:
    given = SURROUNDINGS[name]
    folder = tmp_path / given.folder
    folder.mkdir()
    started = RunningStack(folder, free_block(), base={**given.base, **given.environ}, umask=given.umask)
    with ended(started) as running:
        running.wait_ready(SERVING, timeout=200)
        assert http_status(running.port, "/schema") == b"200"
        assert running.stop() == 130
        steps = [line for line in running.output.read_bytes().splitlines() if SERVING.encode() in line]
        assert [line.partition(b" ")[0] for line in steps] == [given.mark]
        assert "postgres stopped" in running.text()
        assert nothing_listens(running.port)


@pytest.mark.storm
@pytest.mark.timeout(900)
def test_after_a_kill_at_any_moment_of_a_start_the_next_one_works(tmp_path: Path) -> None:
    chance, port = Random(20261129), free_block()  # noqa: S311 - variety, the same each time
    signs = [
        "",
        "",
        "",
        "PostgreSQL",
        "roles, databases",
        "migrations",
        "service tickets",
        "replay into",
        "replay into",
    ]
    for sign in signs:
        with ended(RunningStack(tmp_path, port)) as running:
            running.wait_ready(sign, timeout=200)
            time.sleep(chance.uniform(0, 2))
            running.process.kill()
        assert wait_until(lambda: nothing_listens(port), timeout=30)
    with ended(RunningStack(tmp_path, port)) as running:
        running.wait_ready(timeout=200)
        assert len(running.tickets()) == 60
        assert running.stop() == 0


#: Loopback only, and the folder that is named first can be read only; then the rest is run in it.
ISOLATED = """
import ctypes, fcntl, os, socket, struct, sys
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sH22x", b"lo", 0x41))  # SIOCSIFFLAGS: up, running
here = os.fsencode(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
for source, flags in ((here, 0x1000), (None, 0x1021)):  # bind; bind, remount, read only
    if libc.mount(source, here, None, flags, None):
        sys.exit(os.strerror(ctypes.get_errno()))
os.chdir(here)
os.execvp(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a person has after `git clone`, in a folder with a long name full of odd letters."""
    made = tmp_path / LONG / "opsdash"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, made / name)
    return made


@pytest.mark.storm
@pytest.mark.timeout(900)
def test_a_clone_in_an_odd_folder_starts_and_starts_again_read_only_and_without_a_network(
    tmp_path: Path, clone: Path
) -> None:
    python = sys._base_executable  # type: ignore[attr-defined]
    make, port = ["make", "run", f"PYTHON={python}"], free_block()
    with ended(RunningStack(tmp_path, port, command=make, cwd=clone, LC_ALL="C")) as running:
        running.wait_ready(timeout=600)
        assert len(running.tickets()) == 60
        running.stop()
    assert wait_until(lambda: nothing_listens(port), timeout=30)

    before = set(clone.rglob("*"))
    namespaces = ["--net", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"])]
    alone = ["unshare", *namespaces, python, "-c", ISOLATED, str(clone), *make]
    with ended(RunningStack(tmp_path, port, command=alone, LC_ALL="C")) as running:
        running.wait_ready(timeout=200)
        assert " 0 new tickets" in running.text()
        running.stop()
    assert set(clone.rglob("*")) == before
