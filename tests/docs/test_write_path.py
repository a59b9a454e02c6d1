"""The written path of a write is short and names functions that are there, each called by a file before it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

PAGE = ROOT / "docs/explanation/write-path.md"
STEP = re.compile(r"^\| \d+ \| `(?P<file>[^`]+)` \| `(?P<function>[\w.]+)` \|", re.MULTILINE)
MOST_STEPS = 12
PATHS = {
    title: [(found["file"], found["function"]) for found in STEP.finditer(text)]
    for title, text in re.findall(r"^## (.+)\n((?:(?!^## )[\s\S])+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
}


def defined(file: Path, name: str) -> ast.AST | None:
    """The function or method of that name."""
    scope: ast.AST = ast.parse(file.read_text(encoding="utf-8"))
    for part in name.split("."):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        found = [node for node in ast.iter_child_nodes(scope) if isinstance(node, kinds) and node.name == part]
        if not found:
            return None
        scope = found[0]
    return scope


@pytest.mark.parametrize("title", PATHS)
def test_it_is_short_and_every_step_is_there(title: str):
    steps = PATHS[title]
    assert 5 < len(steps) <= MOST_STEPS
    assert [name for file, name in steps if defined(ROOT / file, name) is None] == []


@pytest.mark.parametrize("title", PATHS)
def test_every_step_but_the_first_is_named_by_one_before_it(title: str):
    """Of a method the last part: `org.write(...)`. The commit is the end of the block that a step before it opened."""
    files = [file for file, _ in PATHS[title]]
    for place, (_, name) in enumerate(PATHS[title][1:], start=1):
        named = {
            node.attr if isinstance(node, ast.Attribute) else node.id
            for file in set(files[:place])
            for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
            if isinstance(node, (ast.Attribute, ast.Name))
        }
        assert name.rpartition(".")[2] in named, name


def test_the_page_has_both():
    assert set(PATHS) == {"Create a ticket", "Comment"}
