"""What a machine lacks: its tests are left out and named once, and a target that needs it ends with one line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.architecture.sources import ROOT
from tests.support import brokers

NO_BROWSER = "/no/such/browser"
SAMPLE = """
import pytest

@pytest.mark.needs("chromium")
@pytest.mark.parametrize("number", range(3))
def test_in_a_browser(number): ...

def test_without(): ...
"""


def run(*command: str | Path, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE"))}
    return subprocess.run(
        command, cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False, timeout=60
    )


def sample(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_sample.py").write_text(SAMPLE)
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.requirements", "--strict-markers", *arguments]
    environment |= {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return run(*command, folder=folder, **environment)


class TestLeftOut:
    @pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]], ids=["one process", "workers"])
    def test_the_others_run_and_the_end_says_why_and_what_to_do(self, tmp_path: Path, workers: list[str]):
        done = sample(tmp_path, *workers, CHROMIUM=NO_BROWSER)
        assert done.returncode == 0, done.stdout + done.stderr
        said = [line for line in done.stdout.splitlines() if line.startswith("Left out")]
        assert len(said) == 1
        assert said[0].startswith(f"Left out: 3 tests in a browser: {NO_BROWSER} does not start: ")
        assert said[0].endswith("install another Chromium or name its program in CHROMIUM")
        assert "1 passed" in done.stdout

    def test_where_nothing_is_missing_all_run_and_nothing_is_said(self, tmp_path: Path):
        browser = tmp_path / "browser"
        browser.write_text("#!/bin/sh\n")
        browser.chmod(0o755)
        done = sample(tmp_path, CHROMIUM=str(browser))
        assert "4 passed" in done.stdout
        assert "Left out" not in done.stdout

    @pytest.mark.parametrize(
        ("complaint", "said"),
        [
            (
                "FATAL: No usable sandbox! If this is a Debian system",
                "install its setuid helper (Debian: ",
            ),
            ("error while loading shared libraries: libnss3.so", "ended with 1: error while loading shared libraries"),
        ],
    )
    def test_a_browser_that_does_not_work_is_a_missing_one(self, tmp_path: Path, complaint: str, said: str):
        browser = tmp_path / "browser"
        browser.write_text(f"#!/bin/sh\necho '{complaint}' >&2; exit 1\n")
        browser.chmod(0o755)
        done = sample(tmp_path, CHROMIUM=str(browser))
        assert "1 passed, 3 deselected" in done.stdout
        assert said in done.stdout


class TestTargets:
    """Of `make` on a machine with nothing on its path."""

    def make(self, target: str, folder: Path) -> list[str]:
        make = shutil.which("make")
        assert make
        done = run(make, "--file", ROOT / "Makefile", target, folder=folder, PATH=str(folder))
        assert done.returncode != 0
        return done.stderr.splitlines()

    def test_tools_without_go(self, tmp_path: Path):
        said = self.make("tools", tmp_path)
        assert said[0].startswith("opsdash: make tools builds kustomize with Go, and there is no 'go'; install it, or")
        assert len(said) == 2, "make's own last line"

    def test_promtool_without_debian(self, tmp_path: Path):
        said = self.make("promtool", tmp_path)
        assert said[0].startswith("opsdash: make promtool takes it out of Debian's package prometheus, and there is no")
        assert len(said) == 2

    def test_compose_without_docker(self, tmp_path: Path):
        said = self.make("compose", tmp_path)
        assert said[0].startswith("opsdash: make compose needs Docker with its compose plugin, and there is no")
        assert len(said) == 2

    def test_compose_without_an_engine(self, tmp_path: Path):
        docker = tmp_path / "docker"
        docker.write_text('#!/bin/sh\n[ "$1" = compose ]\n')
        docker.chmod(0o755)
        said = self.make("compose", tmp_path)
        assert said[0].startswith("opsdash: make compose needs a Docker engine, and none answers; start it")
        assert len(said) == 2

    def test_the_suites_on_apache_kafka_without_java_and_docker(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Before anything is collected; pytest prints the reason as one line and ends with 4."""
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
        monkeypatch.setattr(brokers, "_chosen", {})
        asked: Any = SimpleNamespace(getoption={"--kafka": "apache"}.get)
        with pytest.raises(pytest.UsageError) as refused:
            brokers.pytest_configure(asked)
        assert str(refused.value) == (
            "Apache Kafka needs Java 17 or newer, and there is no `java`;"
            " install it, or start a Docker engine (none answers)"
        )
