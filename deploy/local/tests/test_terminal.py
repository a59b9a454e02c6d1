"""Messages on any terminal: none that is missing a letter, and none that has gone, ends what is said to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from opsdash_local import terminal

SPEAK = """
from rich.console import Console
from opsdash_local import terminal
from opsdash_local.progress import Progress
terminal.prepare()
progress = Progress(Console(file=terminal.output()))
with progress.step("demo") as step:
    step.detail = "Tomás → Łódź …"
progress.note("stopping")
progress.error("雪")
raise SystemExit(7)
"""

SUPERVISE = """
import signal, sys
from pathlib import Path
from rich.console import Console
from opsdash_local import processes, terminal
from opsdash_local.progress import Progress
from opsdash_local.supervisor import StopRequested, Supervisor

class Server:
    stop_signal, kill_signal, stop_timeout = signal.SIGTERM, signal.SIGKILL, 20.0
    def __init__(self, name):
        self.log_file = Path(sys.argv[1], name)
        leave = "signal.signal(15, lambda *_: sys.exit(print('left')))"
        script = f"import signal, sys; {leave}; print('up'); signal.pause()"
        self.process = processes.spawn([sys.executable, "-uc", script], log_file=self.log_file)

terminal.prepare()
progress = Progress(Console(file=terminal.output()))
with Supervisor(progress.note) as supervisor:
    first, second = Server("first"), Server("second")
    supervisor.add(first=first)
    supervisor.add(second=second)
    for server in (first, second):
        supervisor.wait_for(lambda: "up" in server.log_file.read_text(), timeout=30, what="it")
    try:
        progress.note("ready")
        supervisor.watch()
    except StopRequested:
        progress.note("stopping")
"""


def said(**environ: str) -> str:
    """What SPEAK wrote, read as Latin-1: every byte is one letter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    done = subprocess.run([sys.executable, "-c", SPEAK], env=kept | environ, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (7, b"")
    return done.stdout.decode("latin-1")


class TestLetters:
    @pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"PYTHONIOENCODING": "ascii"}])
    def test_an_ascii_terminal_gets_ascii_marks_and_names_it_can_read(self, environ: dict[str, str]) -> None:
        lines = said(**environ).splitlines()
        assert lines[0].startswith("+ demo ")
        assert lines[0].endswith("Tomas -> ?odz ...")
        assert lines[1:] == ["- stopping", "opsdash: ?"]

    @pytest.mark.parametrize("environ", [{"LC_ALL": "tr_TR.ISO-8859-9"}, {"PYTHONIOENCODING": "latin-1"}])
    def test_a_latin_terminal_gets_the_letters_it_has(self, environ: dict[str, str]) -> None:
        lines = said(**environ).splitlines()
        assert lines[0].startswith("+ demo ")
        assert "Tomás -> ?ódz ..." in lines[0]
        assert lines[1] == "· stopping"

    @pytest.mark.parametrize("environ", [{"LC_ALL": "en_US.UTF-8"}, {"LANG": "C.UTF-8"}, {}])
    def test_utf_8_is_written_also_where_the_locale_is_not_installed_or_not_named(
        self, environ: dict[str, str]
    ) -> None:
        assert "✓ demo" in said(**environ).encode("latin-1").decode("utf-8")

    def test_the_first_variable_that_is_set_names_the_locale(self) -> None:
        environ = {"LC_ALL": "", "LC_CTYPE": "de_DE.ISO-8859-15@euro", "LANG": "C.UTF-8"}
        assert terminal.encoding(environ, "utf-8") == "iso8859-15"
        assert terminal.encoding({"LC_ALL": "xx_XX.no-such-charset"}, "utf-8") == "utf-8"


class TestReader:
    @pytest.mark.parametrize("target", ["/dev/full", "|true", "&-"])
    def test_messages_that_nobody_takes_are_dropped(self, target: str) -> None:
        """A full disk, a pipe whose reader has gone, an output that the shell closed."""
        redirected = f"sleep 1; {sys.executable} -c '{SPEAK}'"
        script = f"set -o pipefail; ({redirected}) {target}" if target.startswith("|") else f"({redirected}) >{target}"
        done = subprocess.run(["/bin/bash", "-c", script], capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (7, b"")

    def test_a_terminal_that_is_closed_ends_everything_in_order(self, tmp_path: Path) -> None:
        command = [sys.executable, "-c", SUPERVISE, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert b"ready" in process.stdout.readline()
            process.stdout.close()
            process.send_signal(signal.SIGHUP)
            assert (process.wait(60), process.stderr.read()) == (0, b"")
        assert [(tmp_path / name).read_text().split() for name in ("first", "second")] == [["up", "left"]] * 2
