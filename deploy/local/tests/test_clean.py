"""`make clean` removes what is ours, however DATA is written, and nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from opsdash_local import data_folder
from opsdash_local.lock import exclusive
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from deploy import clean

ROOT = Path(__file__).parents[3]
STACK = ("secrets.json", "people.json", "logs/tickets.log", "postgres/data/PG_VERSION")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """As much of the project as cleaning needs, in a folder with a space and an accent, beside other things."""
    made = tmp_path / "mis cosas ñ" / "opsdash"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "deploy/local/src/opsdash_local", made / "deploy/local/src/opsdash_local", ignore=ignored)
    shutil.copy(ROOT / "deploy" / "clean.py", made / "deploy")
    shutil.copy(ROOT / "Makefile", made)
    touch(made.parent / "thesis.txt")
    return made


def touch(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def stacks_folder(path: Path) -> Path:
    touch(path / "lock", "1234")
    for name in STACK:
        touch(path / name)
    return path


def make_clean(clone: Path, data: str | None = None, **environ: str) -> tuple[int, list[str]]:
    """The exit code of the script and the lines it says; run with the standard library only."""
    environ |= {} if data is None else {"DATA": data}
    kept = {name: value for name, value in os.environ.items() if name not in {"DATA", "MAKEFLAGS", "MAKELEVEL"}}
    command = ["make", "--no-print-directory", "clean", f"PYTHON={sys._base_executable} -I -S"]  # type: ignore[attr-defined]
    done = subprocess.run(command, cwd=clone, env=kept | environ, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if not line.startswith("make: ***")]
    return done.returncode, said


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_what_imports_it_keeps_its_byte_code() -> None:
    """The tests import it, and compiling all of them again for each worker takes longer than many of them."""
    told = "import sys; from deploy import clean; print(sys.dont_write_bytecode)"
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


class TestData:
    @pytest.mark.parametrize(
        "name", [".data", "my data", "a'b\"c", "$HOME", "$(touch hacked)", "`id`; rm -rf x", "-rf", "ñ", "x" * 200, "*"]
    )
    def test_a_stacks_folder_goes_however_it_is_called(self, clone: Path, name: str) -> None:
        before = everything(clone.parent)
        stacks_folder(clone / name)
        assert make_clean(clone, name) == (0, [])
        assert everything(clone.parent) == before

    def test_it_may_be_named_on_the_command_line_of_make(self, clone: Path) -> None:
        stacks_folder(clone / "my data")
        assert make_clean(clone, MAKEFLAGS="-- DATA=my\\ data") == (0, [])
        assert not (clone / "my data").exists()

    def test_it_is_the_default_folder_unless_named(self, clone: Path) -> None:
        stacks_folder(clone / ".data")
        stacks_folder(clone / ".data-bench")
        assert make_clean(clone) == (0, [])
        assert not (clone / ".data").exists()
        assert (clone / ".data-bench" / "secrets.json").exists()

    def test_one_elsewhere_and_one_that_a_refused_start_left_go_too(self, clone: Path) -> None:
        stacks_folder(clone.parent / "elsewhere")
        touch(clone / ".data" / "lock", "77")
        assert make_clean(clone, str(clone.parent / "elsewhere")) == (0, [])
        assert make_clean(clone, "../elsewhere") == (0, [])
        assert make_clean(clone) == (0, [])
        assert not (clone.parent / "elsewhere").exists()
        assert not (clone / ".data").exists()

    @pytest.mark.parametrize("data", ["..", ".", "../..", "$HOME", "deploy", "../opsdash/deploy/local/.."])
    def test_folders_of_others_stay(self, clone: Path, data: str) -> None:
        home = touch(clone.parent / "home" / "letter.txt").parent
        before = everything(clone.parent)
        code, said = make_clean(clone, data.replace("$HOME", str(home)), HOME=str(home))
        assert code != 0
        assert len(said) == 1
        assert said[0].startswith("opsdash: not removed: ")
        assert everything(clone.parent) == before

    @pytest.mark.parametrize("data", ["/", "/etc", "/usr", "~", str(ROOT), str(ROOT / "services")])
    def test_folders_of_the_system_stay(self, monkeypatch: pytest.MonkeyPatch, data: str) -> None:
        """Nothing that could remove them is at hand, should this ever fail."""
        for name in ("exclusive", "shutil", "shared_memory"):
            monkeypatch.setattr(clean, name, None)
        with pytest.raises(clean.Kept):
            clean.remove_data(Path(data).expanduser())

    @pytest.mark.parametrize(
        ("prepare", "why"),
        [
            (touch, "it is a file"),
            (lambda data: touch(data / "notes.txt"), "it holds what no stack wrote: notes.txt"),
            (lambda data: touch(stacks_folder(data) / "notes.txt"), "it holds what no stack wrote: notes.txt"),
            (lambda data: touch(data / "logs" / "mine.log"), "no stack made it"),
            (lambda data: touch(stacks_folder(data) / "lock", "not a number"), "no stack made it"),
            (lambda data: (stacks_folder(data) / "secrets.json").unlink(), "no stack made it"),
            (lambda data: data.symlink_to(stacks_folder(data.with_name("big disk"))), "it is a link to "),
            (lambda data: data.symlink_to("/nowhere"), "it is a link to /nowhere"),
            (lambda data: data.mkdir(), "no stack made it"),
        ],
    )
    def test_what_is_no_stacks_folder_stays_and_is_told(
        self, clone: Path, prepare: Callable[[Path], object], why: str
    ) -> None:
        prepare(clone / ".data")
        before = everything(clone.parent)
        code, said = make_clean(clone)
        assert code != 0
        assert len(said) == 1
        assert said[0].startswith(f"opsdash: not removed: .data: {why}")
        assert everything(clone.parent) == before

    def test_links_inside_go_but_not_what_they_lead_to(self, clone: Path) -> None:
        data = stacks_folder(clone / ".data")
        shutil.rmtree(data / "logs")
        (data / "logs").symlink_to(touch(clone.parent / "logs" / "kept.log").parent)
        assert make_clean(clone) == (0, [])
        assert not data.exists()
        assert (clone.parent / "logs" / "kept.log").exists()

    def test_one_with_a_running_stack_stays(self, clone: Path) -> None:
        data = stacks_folder(clone / ".data")
        with exclusive(data):
            code, said = make_clean(clone)
            assert code != 0
            assert said == [f"opsdash: not removed: .data: a stack (process {os.getpid()}) runs on it; stop that first"]
            assert (data / "secrets.json").exists()
        assert make_clean(clone) == (0, [])

    def test_one_with_a_postgresql_that_a_killed_stack_left_stays(self, clone: Path) -> None:
        data = stacks_folder(clone / ".data")
        shutil.rmtree(data / "postgres")
        server = EmbeddedPostgres(data / "postgres", free_port(), durable=False)
        server.start()
        try:
            code, said = make_clean(clone)
            assert code != 0
            assert "not removed: .data: its PostgreSQL still runs" in said[0]
        finally:
            server.stop()
        assert make_clean(clone) == (0, [])
        assert not data.exists()


class TestTheRest:
    def test_the_environment_and_the_caches_go(self, clone: Path) -> None:
        before = everything(clone)
        touch(clone / ".venv" / "pyvenv.cfg")
        for name in clean.CACHES:
            touch(clone / name / "x")
        for name in ("__pycache__", "services/tickets/src/__pycache__", "tests/__pycache__"):
            touch(clone / name / "a.pyc")
        assert make_clean(clone) == (0, [])
        assert {path for path in everything(clone) if path.name not in {"services", "tests", "tickets", "src"}} == {
            path for path in before if path.name != "src"
        }

    @pytest.mark.parametrize(
        "foreign", ["mine", "services/mine/venv", "tests/other-repository"], ids=["beside", "environment", "repository"]
    )
    def test_compiled_files_of_others_stay(self, clone: Path, foreign: str) -> None:
        touch(clone / "services/mine/venv/pyvenv.cfg")
        touch(clone / "tests/other-repository/.git/HEAD")
        compiled = touch(clone / foreign / "lib" / "__pycache__" / "a.pyc")
        assert make_clean(clone) == (0, [])
        assert compiled.exists()

    def test_an_environment_that_is_none_or_a_link_stays(self, clone: Path) -> None:
        mine = touch(clone / ".venv" / "mine.txt")
        assert make_clean(clone)[1] == [f"opsdash: not removed: {clone}/.venv: it is no Python environment"]
        assert mine.exists()
        shutil.rmtree(clone / ".venv")
        (clone / ".venv").symlink_to(touch(clone.parent / "shared" / "pyvenv.cfg").parent)
        assert make_clean(clone)[1] == [f"opsdash: not removed: {clone}/.venv: it is a link to {clone.parent}/shared"]
        assert (clone.parent / "shared" / "pyvenv.cfg").exists()

    @pytest.mark.parametrize("program", ["{venv}/bin/python", ".venv/bin/python"])
    def test_an_environment_whose_programs_run_stays(self, clone: Path, program: str) -> None:
        """As under a stack on another data folder."""
        touch(clone / ".venv" / "pyvenv.cfg")
        (clone / ".venv" / "bin").mkdir()
        (clone / ".venv" / "bin" / "python").symlink_to(sys._base_executable)  # type: ignore[attr-defined]
        command = [program.format(venv=clone / ".venv"), "-c", "input()"]
        with subprocess.Popen(command, cwd=clone, stdin=subprocess.PIPE) as running:
            code, said = make_clean(clone)
            running.communicate(b"\n")
        assert code != 0
        assert said == [
            f"opsdash: not removed: {clone}/.venv: programs of it run (process {running.pid}); stop them first"
        ]
        assert make_clean(clone) == (0, [])

    def test_the_folders_are_those_of_the_project(self) -> None:
        typed = re.findall(r"^TYPED := ((?:.*\\\n)*.*)", (ROOT / "Makefile").read_text(), re.MULTILINE)[0]
        paths = re.findall(r"[\w.*/-]+", re.sub(r"\$\((?:sort|wildcard)\b", "", typed))
        named = {path.partition("/")[0] for path in paths if path != "conftest.py"}
        assert named == set(clean.FOLDERS)

    def test_twice_is_no_error(self, clone: Path) -> None:
        assert make_clean(clone) == make_clean(clone) == (0, [])


def test_a_folder_whose_content_is_known_is_recognised(tmp_path: Path) -> None:
    for name in data_folder.CONTENTS - {data_folder.LOCK}:
        touch(tmp_path / name)
    touch(tmp_path / "lock", "1")
    assert data_folder.what_is_foreign(tmp_path) is None
