"""The tutorial "Add a language", followed in a copy of the repository."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from opsdash_gateway.console.i18n.locales import LOCALES

from tests.support.repository import (
    BIN,
    ROOT,
    blocks,
    check_diffs,
    copied,
    fill_in,
    run,
    run_make,
    save_diffs,
    sources,
    text_of,
    translations,
)

TUTORIAL = "docs/tutorial/add-a-language.md"
CATALOGUE = "services/gateway/src/opsdash_gateway/locale/fr/messages.po"
SPANISH = CATALOGUE.replace("/fr/", "/es/")
RENDER = """
from opsdash_gateway.console.assets.files import Assets
from opsdash_gateway.console.i18n.languages import load_languages
from opsdash_gateway.console.shell.rendering import Renderer

renderer = Renderer(load_languages(), Assets())
context = {"page": None, "heading": "", "sentence": "", "status": 503, "request_id": "x", "nav": ""}
print(renderer.html(renderer.languages["fr"], "shell/error.html", context))
"""


def read(catalogue: Path) -> Catalog:
    with catalogue.open("rb") as file:
        return read_po(file, locale=catalogue.parent.name)


def translated(catalogue: Path) -> dict[str, str]:
    """Every text with its translation, both as written in Python."""
    return {repr(message.id): "".join(message.string) for message in read(catalogue) if message.id}


def test_its_language_is_not_there_yet():
    assert "fr" not in LOCALES


def test_its_changes_still_apply(tmp_path: Path):
    check_diffs(TUTORIAL, tmp_path)


@pytest.mark.parametrize("entry", translations(TUTORIAL))
def test_the_texts_it_translates_are_texts_of_the_console(entry: str):
    spanish = (ROOT / SPANISH).read_text(encoding="utf-8")
    assert f"\n{entry.partition('msgstr')[0]}msgstr" in spanish


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository after the language was listed and its catalogue made."""
    folder = copied(tmp_path_factory.mktemp("copy") / "opsdash")
    save_diffs(TUTORIAL, folder)
    listed, make, *_ = blocks(TUTORIAL, "console")
    run(listed.split(), folder)
    run_make(make, folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.storm
class TestTutorial:
    """In the order of the page."""

    def test_what_was_translated_stays_so(self, copy: Path):
        changed = run(["git", "diff", "--name-only", "--", "services/gateway/src"], copy).split()
        assert {Path(path).name for path in changed} <= {"languages.py", "locales.py", "messages.po"}
        assert translated(copy / SPANISH) == translated(ROOT / SPANISH)
        assert not any(translated(copy / CATALOGUE).values())

    def test_the_check_names_what_is_missing(self, copy: Path):
        check, every = blocks(TUTORIAL, "console")[2:4]
        said = run_make(check, copy, fails=True)
        shown = re.findall(r"^FAILED .*$", text_of(TUTORIAL), re.MULTILINE)
        assert re.findall(r"^FAILED .*\[fr\]", said, re.MULTILINE) == shown
        assert said.count("\nFAILED ") == len(shown)
        python, *arguments = every.split()
        named = run([BIN / Path(python).name, *arguments], copy, fails=True, **sources(copy))
        assert all(f"'{text}'" in named for text in ("Try again", "Request id", "Back to the start"))

    def test_the_console_answers_in_it(self, copy: Path):
        fill_in(TUTORIAL, copy / CATALOGUE)
        (code,) = blocks(TUTORIAL, "python")
        assert f"\n```\n{run([BIN / 'python', '-c', code], copy, **sources(copy))}```\n" in text_of(TUTORIAL)
        page = run([BIN / "python", "-c", RENDER], copy, **sources(copy))
        assert '<html lang="fr" dir="ltr"' in page
        assert "Réessayer" in page
        assert "Identifiant de la requête: <code>x" in page
        assert "Skip to content" in page

    def test_it_passes_when_every_text_is_translated(self, copy: Path):
        path = copy / CATALOGUE
        catalogue = read(path)
        for message in catalogue:
            if message.id and not any(message.string):
                message.string = message.id
        with path.open("wb") as file:
            write_po(file, catalogue, width=120, include_lineno=False)
        plurals, check = blocks(TUTORIAL, "console")[4].splitlines()
        run(plurals.split(), copy)
        said = run_make(check, copy)
        assert "passed" in said
        assert "failed" not in said
