"""Tutorials as a reader follows them: patches are saved, commands are entered, translations are filled in."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from tests.docs.documents import blocks, text_of
from tests.support.repository import BIN, ROOT, run, run_make, sources

_STEP = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def diffs(tutorial: str) -> dict[str, str]:
    """The patches of a page by the names under which it has them saved."""
    names = re.findall(r"\bas\s`(\w+\.diff)`:$", text_of(tutorial), re.MULTILINE)
    return dict(zip(names, blocks(tutorial, "diff"), strict=True))


def save_diffs(tutorial: str, folder: Path) -> None:
    for name, diff in diffs(tutorial).items():
        (folder / name).write_text(diff, encoding="utf-8")


def check_diffs(tutorial: str, folder: Path, made_from: Mapping[str, str] | None = None) -> None:
    """Every patch applies to the files of today; a file that the page makes first is made from another one."""
    sources_of = made_from or {}
    for diff in diffs(tutorial).values():
        for path in re.findall(r"^--- a/(.+)$", diff, re.MULTILINE):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / sources_of.get(path, path), folder / path)
    run(["git", "init", "--quiet"], folder)
    save_diffs(tutorial, folder)
    for name in diffs(tutorial):
        run(["git", "apply", "--check", name], folder)


def enter(commands: str, folder: Path) -> None:
    """A block of commands in a copy of the repository; each must succeed."""
    for command in commands.splitlines():
        if command.startswith("make "):
            run_make(command, folder)
        else:
            run(["bash", "-ec", command.replace(".venv/bin/", f"{BIN}/")], folder, **sources(folder))


def translations(tutorial: str) -> list[str]:
    """The filled-in entries of a catalogue."""
    (entries,) = blocks(tutorial, "po")
    return [entry.removeprefix("#, python-format\n") for entry in entries.strip().split("\n\n")]


def fill_in(tutorial: str, catalogue: Path) -> None:
    """Write the page's translations where the catalogue has none."""
    text = catalogue.read_text(encoding="utf-8")
    for entry in translations(tutorial):
        empty = re.sub(r'^(msgstr\S*) ".*"$', r'\1 ""', entry, flags=re.MULTILINE)
        assert text.count(empty) == 1, entry
        text = text.replace(empty, entry)
    catalogue.write_text(text, encoding="utf-8")


def follow(tutorial: str, folder: Path, *, until: str, catalogue: str = "") -> None:
    """Everything above a heading, in the order of the page; `catalogue` is the one that its translations are for."""
    save_diffs(tutorial, folder)
    for kind, body in _STEP.findall(text_of(tutorial).partition(f"\n## {until}\n")[0]):
        if kind == "console":
            enter(body, folder)
        elif kind == "po":
            fill_in(tutorial, folder / catalogue)
