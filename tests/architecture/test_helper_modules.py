"""There are few helper modules beside the tests, and each says in its first line what it has."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

#: Before another one is added: is there a module of its topic already? What one test file uses belongs into that file.
MOST = 67
#: Folders that hold no tests of ours: what is installed, what is built, and the template of a service.
NOT_OURS = frozenset({"node_modules", "template"})


def helper_modules(root: Path) -> list[Path]:
    """Every module in a folder `tests` but test files and `__init__.py`, and the root's `conftest.py`."""
    found = [root / "conftest.py"]
    for top in sorted(path for path in root.iterdir() if path.is_dir() and path.name[0] != "."):
        found += [path for path in top.rglob("*.py") if "tests" in path.relative_to(root).parts[:-1]]
    return [
        path for path in found
        if path.exists() and not path.name.startswith("test_") and path.name != "__init__.py"
        and not NOT_OURS & set(path.relative_to(root).parts)
    ]  # fmt: skip


def check(root: Path) -> None:
    modules = helper_modules(root)
    assert len(modules) <= MOST, f"{len(modules)} helper modules, {MOST} at most: join two of one topic"
    silent = [str(path) for path in modules if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not silent, f"the first line of a helper module says what it has: {silent}"


def test_they_are_few_and_say_what_they_have():
    assert len(helper_modules(ROOT)) > 20, "they are somewhere else"
    check(ROOT)


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A repository with as many as are allowed, tests and packages not counted."""
    for number in range(MOST):
        helper(tmp_path, f"tests/topic_{number}/helper.py")
    helper(tmp_path, "services/a/tests/test_a.py")
    helper(tmp_path, "services/a/tests/__init__.py")
    helper(tmp_path, "services/a/src/module.py")
    return tmp_path


def helper(root: Path, path: str, text: str = '"""Brokers."""\n') -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def test_as_many_as_allowed_are_enough(full: Path):
    check(full)


@pytest.mark.parametrize("planted", ["conftest.py", "services/a/tests/brokers.py", "tests/support/topic/more.py"])
def test_one_too_many_is_found(full: Path, planted: str):
    helper(full, planted)
    with pytest.raises(AssertionError, match=f"{MOST + 1} helper modules"):
        check(full)


def test_one_that_says_nothing_is_found(tmp_path: Path):
    helper(tmp_path, "tests/brokers.py", "PARTITIONS = 3\n")
    with pytest.raises(AssertionError, match=r"brokers\.py"):
        check(tmp_path)
