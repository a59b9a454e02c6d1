"""Planted mistakes for the check of declared dependencies, as `make lint` runs it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.architecture import dependencies
from tests.architecture.dependencies import Scan, all_scans, findings, member_scan, root_scans
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.needs("deptry")

UNDECLARED = {
    "a package that a declared one brings": ("import annotated_types", "DEP003 'annotated_types'"),
    "a package that others of ours declare": ("from aiokafka.structs import TopicPartition", "DEP003 'aiokafka'"),
    "a distribution of ours": ("from opsdash_chassis import settings", "DEP003 'opsdash_chassis'"),
    "a package that is not installed": ("import cowsay", "DEP001 'cowsay'"),
    "in a function": ("def late():\n    import aiokafka", "DEP003 'aiokafka'"),
    "for want of another": ("try:\n    import cowsay\nexcept ImportError:\n    pass", "DEP001 'cowsay'"),
    "a tool of the tests": ("import pytest", "DEP003 'pytest'"),
}
ALLOWED = {
    "a declared package": "from pydantic import BaseModel",
    "a module of its own": "from opsdash_contracts import topics",
    "the standard library": "import tomllib",
    "what nothing that runs imports": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import aiokafka",
    "a package that is only spoken of": '"""import aiokafka"""  # import aiokafka',
}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A copy of the contracts, our smallest distribution."""
    shutil.copytree(ROOT / "contracts/src", tmp_path / "src")
    shutil.copy(ROOT / "contracts/pyproject.toml", tmp_path)
    return tmp_path


def plant(folder: Path, code: str) -> None:
    (folder / "src/opsdash_contracts/planted.py").write_text(f"{code}\n")


def declare(folder: Path, before: str, after: str) -> None:
    project = folder / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    assert before in text
    project.write_text(text.replace(before, after, 1), encoding="utf-8")


class TestImports:
    @pytest.mark.parametrize(("code", "said"), UNDECLARED.values(), ids=UNDECLARED)
    def test_undeclared_ones_are_found(self, small: Path, code: str, said: str):
        plant(small, code)
        (found,) = findings(member_scan(small))
        assert found.startswith("src/opsdash_contracts/planted.py:")
        assert said in found

    @pytest.mark.parametrize("code", ALLOWED.values(), ids=ALLOWED)
    def test_others_are_not(self, small: Path, code: str):
        plant(small, code)
        assert findings(member_scan(small)) == []

    def test_a_group_for_development_declares_nothing_that_runs(self, small: Path):
        plant(small, "import psutil")
        declare(small, "[build-system]", '[dependency-groups]\ndev = ["psutil"]\n\n[build-system]')
        (found,) = findings(member_scan(small))
        assert "DEP004 'psutil'" in found

    def test_once_declared_it_is_fine(self, small: Path):
        plant(small, "import psutil")
        declare(small, "dependencies = [", 'dependencies = [\n    "psutil",')
        assert findings(member_scan(small)) == []


class TestDeclarations:
    @pytest.mark.parametrize("name", ["psutil", "opsdash-chassis", "uvloop>=0.23; sys_platform == 'linux'"])
    def test_what_nothing_imports_is_found(self, small: Path, name: str):
        declare(small, "dependencies = [", f'dependencies = [\n    "{name}",')
        (found,) = findings(member_scan(small))
        assert f"DEP002 '{re.split('[>;]', name)[0]}'" in found

    def test_what_nothing_imports_any_more_is_found(self, small: Path):
        (small / "src/opsdash_contracts/topics.py").unlink()
        (found,) = findings(member_scan(small))
        assert "DEP002 'pyyaml'" in found

    @pytest.mark.parametrize("folder", [ROOT, ROOT / "deploy/local"], ids=["root", "local"])
    def test_no_exception_is_made_for_what_would_not_be_found(self, folder: Path):
        settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["deptry"]
        excepted = {name for names in settings["per_rule_ignores"].values() for name in names}
        scans = [scan for scan in all_scans() if scan.folder == folder]
        without = [Scan(folder, (*scan.arguments, "--per-rule-ignores", "DEP005=none")) for scan in scans]
        found = [
            name for scan in without for line in findings(scan) for name in re.findall(r"DEP\d{3} '([^']+)'", line)
        ]
        assert set(found) == excepted


class TestRoot:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """A copy of what runs from a checkout without the group `test`."""
        ignored = shutil.ignore_patterns("local", "*.yaml", "__pycache__")
        for folder in ("deploy", "examples"):
            shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", tmp_path)
        return tmp_path

    def test_scripts_import_nothing_that_only_tests_have(self, root: Path):
        without_tests, _ = root_scans(root)
        assert findings(without_tests) == []
        (root / "deploy/planted.py").write_text("import playwright\n")
        (found,) = findings(without_tests)
        assert found.startswith("deploy/planted.py:1:8: DEP004 'playwright'")

    def test_tests_import_what_their_group_declares(self, root: Path):
        _, with_tests = root_scans(root)
        (root / "tests").mkdir()
        (root / "tests/test_planted.py").write_text("import playwright\nimport werkzeug\n")
        found = [line for line in findings(with_tests) if line.startswith("tests/")]
        assert len(found) == 1
        assert "DEP003 'werkzeug'" in found[0]


class TestScans:
    def test_every_distribution_is_looked_at(self):
        projects = {path.parent for depth in ("", "*/", "*/*/") for path in ROOT.glob(f"{depth}pyproject.toml")}
        assert {scan.folder for scan in all_scans()} == projects

    def test_make_lint_does(self):
        make = shutil.which("make") or "make"
        done = subprocess.run([make, "--dry-run", "lint"], cwd=ROOT, capture_output=True, text=True, check=True)
        assert "python -m tests.architecture.dependencies" in done.stdout

    def test_what_is_found_is_printed_and_fails(
        self, small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ):
        monkeypatch.setattr(dependencies, "all_scans", lambda: [member_scan(small)])
        assert dependencies.main() == 0
        plant(small, "import aiokafka")
        assert dependencies.main() == 1
        assert capsys.readouterr().err.startswith(f"{small}/src/opsdash_contracts/planted.py:1:8: DEP003 'aiokafka'")

    def test_what_deptry_cannot_read_is_no_success(self, small: Path):
        declare(small, "[project]", "[projekt")
        with pytest.raises(RuntimeError, match="pyproject"):
            findings(member_scan(small))
