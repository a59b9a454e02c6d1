"""A whole `make run` on a small project: its packages come from an index behind a company's certificate."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from deploy.bootstrap.environment import Environment
from tests.architecture.sources import ROOT
from tests.support.http_servers import Authority, make_authority, served

BOOTSTRAP = ROOT / "deploy" / "bootstrap"
TOY = """\
[project]
name = "toy"
version = "1"
requires-python = ">=3.11"
dependencies = ["runs"]
[dependency-groups]
setup = ["uv"]
test = ["tests-it"]
lint = ["lints-it"]
dev = [{ include-group = "test" }, { include-group = "lint" }]
[tool.uv]
package = false
[tool.uv.workspace]
members = []
"""
UV = Path(sys.executable).with_name("uv")
# What root may not do without these is what an ordinary user may not do.
AS_ORDINARY_USER = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] if os.geteuid() == 0 else []
)


@dataclass
class Toy:
    """A checkout of the small project, and the environment variables people run it with."""

    root: Path
    environ: dict[str, str]

    def make(self, asked: str, **environ: str) -> subprocess.CompletedProcess[str]:
        command = [*AS_ORDINARY_USER, sys.executable, str(self.root / "deploy" / "bootstrap"), asked]
        return subprocess.run(command, env=self.environ | environ, capture_output=True, text=True, check=False)

    def packages(self) -> set[str]:
        (folder,) = self.root.glob(".venv/lib/python*/site-packages")
        return {path.stem for path in folder.glob("*.py")} & {"runs", "tests_it", "lints_it"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[str]:
    """Address of an index with the packages of the small project; its uv calls the one of the tests."""
    packages = {name: {f"{name.replace('-', '_')}.py": ""} for name in ("runs", "tests-it", "lints-it")}
    packages["uv"] = {"uv-1.0.data/scripts/uv": f'#!/bin/sh\nexec "{UV}" "$@"\n'}
    with served(tmp_path_factory.mktemp("index"), authority, packages) as address:
        yield address


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, index: str, authority: Authority) -> Toy:
    """Locked against one address, to be installed from another, as behind a mirror; pip is told of the mirror."""
    home = tmp_path_factory.mktemp("home")
    root = home / "toy"
    copytree(BOOTSTRAP, root / "deploy" / "bootstrap", ignore=ignore_patterns("__pycache__"))
    (root / "pyproject.toml").write_text(TOY)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_", "VIRTUAL_ENV"))}
    clean = {name: value for name, value in clean.items() if "CERT" not in name and "CA_BUNDLE" not in name}
    clean |= {"UV_CACHE_DIR": str(home / "cache"), "UV_HTTP_RETRIES": "0", "PIP_RETRIES": "1", "HOME": str(home)}
    locking = clean | {"UV_DEFAULT_INDEX": index, "SSL_CERT_FILE": str(authority.root)}
    subprocess.run([UV, "lock", "--quiet"], cwd=root, env=locking, check=True)
    lock = root / "uv.lock"
    lock.write_text(lock.read_text().replace(index, "https://index.invalid/simple"))
    (home / "pip.conf").write_text(f"[global]\nindex-url = {index}\ncert = {authority.root}\n")
    return Toy(root, clean | {"PIP_CONFIG_FILE": str(home / "pip.conf")})


@pytest.fixture(scope="module")
def made(clone: Toy, tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """A checkout in which `make run` was done once."""
    made = Toy(copytree(clone.root, tmp_path_factory.mktemp("made") / "toy"), clone.environ)
    done = made.make("run")
    assert (done.returncode, done.stderr) == (
        0, "opsdash: creating .venv\nopsdash: installing the locked packages for running\n"
    )  # fmt: skip
    return made


@pytest.fixture
def toy(made: Toy, tmp_path: Path) -> Toy:
    """A checkout of one's own in that state."""
    root = copytree(made.root, tmp_path / "toy", symlinks=True)
    environment, before = Environment(root), Environment(made.root)
    # An environment belongs to its place; this one was copied there to save the time of making it.
    environment.origin.write_text(environment.identity())
    environment.stamp.write_text(before.stamp.read_text().replace(before.fingerprint(), environment.fingerprint()))
    return Toy(root, made.environ)


def reason_of(done: subprocess.CompletedProcess[str]) -> str:
    """What the last line of a failed run says after the step that failed."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    step, _, reason = done.stderr.splitlines()[-1].partition("failed: ")
    assert step == "opsdash: installing the packages "
    return reason


def changed(toy: Toy) -> Toy:
    """A pull that touched a project file: the next make has something to do."""
    (toy.root / "pyproject.toml").write_text(f"{TOY}# changed\n")
    return toy


class TestInstall:
    @pytest.mark.storm
    def test_a_mirror_and_its_certificate_are_taken_from_pips_configuration(self, made: Toy):
        assert made.packages() == {"runs"}

    def test_running_after_testing_removes_nothing_and_asks_nobody(self, toy: Toy):
        assert toy.make("test").returncode == 0
        assert toy.packages() == {"runs", "tests_it"}
        away = toy.make("run", PIP_INDEX_URL="https://index.invalid/simple")
        assert (away.returncode, away.stderr) == (0, "")
        assert changed(toy).make("run").returncode == 0
        assert toy.packages() == {"runs", "tests_it"}

    def test_linting_brings_what_testing_needs_too_whatever_uv_is_told(self, toy: Toy):
        assert toy.make("lint", UV_NO_DEV="1", UV_NO_GROUP="lint").returncode == 0
        assert toy.packages() == {"runs", "tests_it", "lints_it"}

    @pytest.mark.parametrize(
        ("environ", "reason"),
        [
            ({"PIP_INDEX_URL": "https://index.invalid/simple"}, "was not resolved"),
            ({"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}, "did not answer"),
            ({"HTTPS_PROXY": "http://127.0.0.1:9", "PIP_INDEX_URL": "https://index.invalid/simple"}, "proxy"),
        ],
    )
    def test_a_failure_says_what_failed(self, toy: Toy, environ: dict[str, str], reason: str):
        assert reason in reason_of(toy.make("test", UV_NO_CACHE="1", **environ))

    def test_a_certificate_of_strangers_is_named(self, toy: Toy, authority: Authority):
        done = toy.make("test", UV_NO_CACHE="1", PIP_CERT=str(authority.stranger))
        assert reason_of(done).startswith("the certificate of the package index is not trusted here")

    def test_a_cache_that_cannot_be_written_is_named(self, toy: Toy, tmp_path: Path):
        (tmp_path / "locked").mkdir(mode=0o555)
        done = toy.make("test", UV_CACHE_DIR=str(tmp_path / "locked" / "cache"))
        assert reason_of(done).startswith("a folder may not be written by this user")
        assert str(tmp_path / "locked") in done.stderr

    @pytest.mark.storm
    def test_uv_itself_fails_with_a_reason_too(self, clone: Toy, tmp_path: Path):
        fresh = Toy(copytree(clone.root, tmp_path / "toy"), clone.environ)
        done = fresh.make("run", PIP_INDEX_URL="https://index.invalid/simple")
        assert "opsdash: installing uv failed: the name of the package index was not resolved" in done.stderr

    @pytest.mark.storm
    def test_an_environment_that_was_moved_is_made_again(self, toy: Toy):
        moved = Toy(toy.root.rename(toy.root.with_name("it was moved, ñandú")), toy.environ)
        done = moved.make("lint")
        assert (done.returncode, done.stderr.splitlines()[0]) == (0, "opsdash: creating .venv")
        assert moved.packages() == {"runs", "tests_it", "lints_it"}
        script = (moved.root / ".venv" / "bin" / "pip").read_text(encoding="utf-8")
        assert str(moved.root) in script

    def test_a_checkout_that_cannot_be_written_is_named(self, clone: Toy, tmp_path: Path):
        fresh = Toy(copytree(clone.root, tmp_path / "toy"), clone.environ)
        fresh.root.chmod(0o555)
        done = fresh.make("run")
        fresh.root.chmod(0o755)
        assert done.returncode == 1
        assert done.stderr == (
            f"opsdash: creating .venv\nopsdash: {fresh.root / '.venv'} cannot be written (Permission denied);"
            " clone into a folder of your own, with room on its disk\n"
        )

    def test_a_checkout_that_cannot_be_written_any_more_still_runs(self, toy: Toy):
        toy.root.chmod(0o555)
        done = toy.make("run")
        toy.root.chmod(0o755)
        assert (done.returncode, done.stderr) == (0, "")

    def test_a_word_nobody_knows_is_refused(self, toy: Toy):
        done = toy.make("everything")
        assert (done.returncode, done.stderr) == (
            1, "opsdash: nothing is called 'everything'; there are run, test, lint\n"
        )  # fmt: skip
