"""An exported list in a real spreadsheet: it shows what people have written, and runs none of it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.requirements import LANGUAGES, formulas, opened
from tests.system.conftest import Door, new_ticket

pytestmark = [pytest.mark.storm, pytest.mark.needs("spreadsheet")]

PLAIN = ("Ñandú, 漢字 and 👩‍💻 🫪", 'She said "no"; and, twice, "never"', "طابعة", "10:30 or 3/4?")
#: An apostrophe makes them harmless.
GUARDED = (
    "=1+1", "+1", "-1", "@SUM(1)", "a\t=1+1", "paper;=1+1", 'A paper";=2+3;"', "=cmd|' /C calc'!A0", "＝1+1",  # noqa: RUF001
    "two\n=1+1", "two\nlines",
)  # fmt: skip


@pytest.fixture(scope="module")
async def export(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file as somebody has downloaded it."""
    sought = f"spreadsheet{uuid4().hex[:8]}"
    for title in (*PLAIN, *GUARDED):
        await new_ticket(door, title=title, description=sought)
    answer = await door.as_("member").call("GET", f"/api/orgs/ours/tickets.csv?q={sought}&sort=created_at")
    file = tmp_path_factory.mktemp("spreadsheet") / "tickets.csv"
    file.write_bytes(answer.body.encode())
    return file


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_cell_is_what_the_file_says(export: Path, language: str) -> None:
    rows = [[cell.value for cell in row] for row in opened(export, language, ",")]
    said = list(csv.reader(io.StringIO(export.read_text("utf-8-sig"), newline="")))
    head, *tickets = said
    integers = [head.index(name) for name in ("number", "reopen_count", "comment_count", "version")]
    assert rows[0][: len(head)] == head
    for shown, ticket in zip(rows[1:], tickets, strict=True):
        wanted = [float(text) if column in integers else text for column, text in enumerate(ticket)]
        assert shown[: len(head)] == wanted
    column = head.index("title")
    assert [row[column] for row in rows[1 : len(PLAIN) + 1]] == list(PLAIN)
    assert [str(row[column]).replace("'", "") for row in rows[len(PLAIN) + 1 :]] == [
        title.replace("'", "") for title in GUARDED
    ]


def test_no_cell_is_a_formula_at_any_separator(export: Path, language: str) -> None:
    assert formulas(opened(export, language, ",;\t")) == []


def test_this_spreadsheet_would_run_what_is_not_made_harmless(tmp_path: Path) -> None:
    """Or the test before would show nothing."""
    file = tmp_path / "raw.csv"
    file.write_text('"number","title"\r\n1,"=1+1"\r\n2,"paper;=1+1"\r\n', "utf-8-sig")
    assert formulas(opened(file, "en", ",")) == ["of:=1+1"]
