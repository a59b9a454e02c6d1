"""Creates and updates .venv; does nothing, quickly, when it has what is asked for at the lock of today."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.bootstrap.failures import explain
from deploy.bootstrap.lock import ROOT, locked_uv
from deploy.bootstrap.network import pip_environment, read_pip_configuration, uv_environment

#: Dependency groups of pyproject.toml by what is asked for. `setup` is uv itself.
GROUPS = {"run": {"setup"}, "test": {"setup", "test"}, "lint": {"setup", "test", "lint"}}


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the environment has what was asked for; SystemExit with the reason when not."""
    asked = arguments[0] if arguments else "run"
    if asked not in GROUPS:
        return fail(f"nothing is called {asked!r}; there are {', '.join(GROUPS)}")
    environment = Environment(ROOT)
    try:
        with exclusive(ROOT):
            if not environment.has(GROUPS[asked]):
                environment.install(GROUPS[asked])
    except OSError as error:
        where = error.filename or ROOT
        return fail(
            f"{where} cannot be written ({error.strerror}); clone into a folder of your own, with room on its disk"
        )
    return 0


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Two `make` at once: the second waits and finds the work done."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Environment:
    """The virtual environment of a checkout at `root`."""

    root: Path

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Written last: the fingerprint, then the installed groups."""
        return self.folder / ".in-step-with"

    def has(self, groups: set[str]) -> bool:
        fingerprint, installed = self._stamped()
        return fingerprint == self.fingerprint() and groups <= installed and self.python.exists()

    def install(self, groups: set[str]) -> None:
        """Installs these groups and those that were there before, so that running does not undo testing."""
        wanted = groups | self._stamped()[1]
        self.stamp.unlink(missing_ok=True)
        self._make()
        say(f"installing the locked packages for {' and '.join(sorted(wanted - {'setup'})) or 'running'}")
        environ = uv_environment(os.environ, self._pip_configuration()) | {
            "VIRTUAL_ENV": str(self.folder),
            "UV_PYTHON_DOWNLOADS": "never",
        }
        uv, failed = str(self.folder / "bin" / "uv"), "installing the packages failed"
        chosen = [word for group in sorted(wanted) for word in ("--group", group)]
        with tempfile.TemporaryDirectory() as folder:
            # Through requirements, for `uv sync` would take every package from the addresses in the lock: no mirror.
            listed = str(Path(folder, "requirements.txt"))
            export = ["export", "--frozen", "--all-packages", "--no-default-groups", "--output-file", listed]
            run([uv, *export, *chosen, "--quiet"], environ, failed, self.root)
            run([uv, "pip", "sync", listed], environ, failed, self.root)
        self.shorten_links()
        self.stamp.write_text(f"{self.fingerprint()}\n{' '.join(sorted(wanted))}\n", encoding="utf-8")

    def shorten_links(self) -> None:
        """Where our own packages lie, as relative paths: they are ASCII wherever the checkout is.

        Python reads these files in the encoding of the locale, and does not start when that lacks a letter.
        """
        for link in self.folder.glob("lib/python*/site-packages/*.pth"):
            target = Path(link.read_text(encoding="utf-8", errors="surrogateescape").strip())
            if self.root in target.parents:
                link.write_text(f"{os.path.relpath(target, link.parent)}\n", encoding="ascii")

    def fingerprint(self) -> str:
        """Changes when the lock, a project file, the interpreter or the place of the checkout does."""
        digest = hashlib.sha256(f"{sys.version} {sys.base_prefix} {self.root}".encode(errors="surrogateescape"))
        project = tomllib.loads((self.root / "pyproject.toml").read_text(encoding="utf-8"))
        for pattern in [".", *project["tool"]["uv"]["workspace"]["members"]]:
            for file in sorted(self.root.glob(f"{pattern}/pyproject.toml")):
                digest.update(file.read_bytes())
        digest.update((self.root / "uv.lock").read_bytes())
        return digest.hexdigest()

    def _stamped(self) -> tuple[str, set[str]]:
        try:
            fingerprint, groups = self.stamp.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return "", set()
        return fingerprint, set(groups.split())

    def _make(self) -> None:
        """A virtual environment of this interpreter, made at this place, that contains uv."""
        if (self.folder / "bin" / "uv").exists() and self._belongs_here():
            return
        say("creating .venv")
        self.folder.mkdir(exist_ok=True)  # says what is wrong when it cannot be
        failed = "creating .venv failed (on Debian and Ubuntu: apt install python3-venv)"
        run([sys.executable, "-m", "venv", "--clear", str(self.folder)], dict(os.environ), failed, self.root)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as requirements:
            requirements.write(locked_uv(self.root))
            requirements.flush()
            # Not --quiet, with which pip does not say why an index could not be reached.
            command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
            environ = pip_environment(os.environ, self._pip_configuration())
            command += ["--require-hashes", "--requirement", requirements.name]
            run(command, environ, "installing uv failed", self.root)
        self.origin.write_text(self.identity(), encoding="utf-8", errors="surrogateescape")

    @property
    def origin(self) -> Path:
        return self.folder / ".made-for"

    def identity(self) -> str:
        """Scripts in an environment name its place, so one that was moved must be made again."""
        return f"{sys.version} {sys.base_prefix} {self.folder}"

    def _belongs_here(self) -> bool:
        """Whether the environment still works, is where it was made, and belongs to the Python that runs this file."""
        try:
            if self.origin.read_text(encoding="utf-8", errors="surrogateescape") != self.identity():
                return False
            return subprocess.run([str(self.python), "-c", ""], check=False).returncode == 0  # noqa: S603
        except OSError:
            return False

    def _pip_configuration(self) -> dict[str, str]:
        command = [str(self.python), "-m", "pip", "config", "list", "--disable-pip-version-check"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        return read_pip_configuration(done.stdout)


def run(command: list[str], environ: dict[str, str], failed: str, folder: Path) -> None:
    """Run a program to its end; leaves with what it said and the reason when it fails.

    At a terminal people see what it does, for a first start downloads for a while; log files get its errors only.
    It runs in a locale of ours: reasons are looked up in English, and uv, which lets Python tell it paths as UTF-8,
    would in a Latin one install beside a checkout below a folder with an accent.
    """
    written: list[str] = []
    shown = sys.stderr.isatty()
    try:
        process = subprocess.Popen(  # noqa: S603 - programs of the environment
            command, env=environ | {"LC_ALL": "C.UTF-8"}, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
    except OSError as error:
        sys.exit(f"opsdash: {failed}: {command[0]} cannot be run ({error.strerror}); is its disk mounted noexec?")
    with process:
        for line in process.stdout or ():
            written.append(line)
            if shown:
                sys.stderr.write(line)
    if process.returncode != 0:
        output = "".join(written[-40:])
        if not shown:
            sys.stderr.write(output)
        sys.exit(f"opsdash: {failed}: {explain(output)}")


def say(text: str) -> None:
    sys.stderr.write(f"opsdash: {text}\n")


def fail(text: str) -> int:
    say(text)
    return 1
