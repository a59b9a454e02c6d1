"""The tutorial "Add an event", followed in a copy of the repository."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from opsdash_contracts.registry import event_types

from tests.support.repository import BIN, ROOT, blocks, check_diffs, copied, enter, follow, plain, rows, run

TUTORIAL = "docs/tutorial/add-an-event.md"
EVENT = "support_usage.eased"


def test_its_event_is_not_there_yet():
    assert EVENT not in event_types()


def test_its_changes_still_apply(tmp_path: Path):
    check_diffs(TUTORIAL, tmp_path)


def test_the_checks_that_it_names_are_there():
    named = [plain(row["fails"]) for row in rows(TUTORIAL, "forgotten", "fails")]
    assert len(named) == 5
    assert [path for path in named if not (ROOT / path).is_file()] == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The repository with the event, but without the test that it arrives."""
    folder = copied(tmp_path_factory.mktemp("copy") / "opsdash")
    follow(TUTORIAL, folder, until="Tests")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.storm
class TestTutorial:
    def test_its_schema_is_written_and_breaks_no_released_one(self, copy: Path):
        assert (copy / f"contracts/schemas/{EVENT}.v1.schema.json").is_file()
        enter(".venv/bin/python -m opsdash_contracts.generate --check", copy)

    @pytest.mark.needs("ruff")
    def test_its_code_is_in_our_style(self, copy: Path):
        run([BIN / "ruff", "check", "services", "contracts", "tests/contracts"], copy)
        run([BIN / "ruff", "format", "--check", "services", "contracts", "tests/contracts"], copy)

    def test_the_reference_has_it(self, copy: Path):
        enter(".venv/bin/python -m pytest -q tests/docs/test_tables.py", copy)

    def test_its_rule_its_contracts_and_its_delivery_are_tested(self, copy: Path):
        enter(blocks(TUTORIAL, "console")[-1], copy)
