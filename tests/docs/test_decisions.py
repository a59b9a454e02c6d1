"""The decision records: one a file, numbered without a gap, with date, status and four sections, all in the index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.support.repository import rows

FOLDER = ROOT / "docs/explanation/decisions"
INDEX = "docs/explanation/decisions/README.md"
RECORDS = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
SECTIONS = ["Context", "Decision", "Alternatives", "Consequences"]
LONGEST = 80
_NAME = re.compile(r"(\d{4})-[a-z0-9-]+\.md")
_HEAD = re.compile(
    r"# (?P<number>\d+)\. .+\n\n"
    r"- Date: (?P<date>\S+)\n"
    r"(?:- Changed: \d{4}-\d{2}-\d{2}: .+\n)*"
    r"- Status: (?:proposed|accepted|superseded by record \d+)\n\n"
)


def faults(name: str, text: str) -> Iterator[str]:
    """What keeps a file from being a record."""
    numbered, head = _NAME.fullmatch(name), _HEAD.match(text)
    if numbered is None or head is None or int(numbered[1]) != int(head["number"]):
        yield "its name, title, date and status have another form"
    elif not _is_date(head["date"]):
        yield "its date is none"
    if re.findall(r"^## (.*)$", text, re.MULTILINE) != SECTIONS:
        yield "its sections are others"
    if not all(body.strip() for body in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]):
        yield "a section is empty"
    if len(text.splitlines()) > LONGEST:
        yield "it is long"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_each_record_has_its_form(record: Path):
    assert list(faults(record.name, record.read_text(encoding="utf-8"))) == []


def test_the_records_are_numbered_without_a_gap():
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))
    assert len(RECORDS) > 25


def test_the_index_has_every_record_with_its_title_and_date():
    index = [(row["record"], row["decision"], row["date"]) for row in rows(INDEX, "record", "decision", "date")]
    expected = []
    for record in RECORDS:
        text = record.read_text(encoding="utf-8")
        number, title = re.findall(r"^# (\d+)\. (.*)$", text, re.MULTILINE)[0]
        (day,) = re.findall(r"^- Date: (.*)$", text, re.MULTILINE)
        expected.append((number, f"[{title}]({record.name})", day))
    assert index == expected


GOOD = "# 7. Something\n\n- Date: 2026-11-30\n- Status: accepted\n\n" + "".join(
    f"## {section}\n\nText.\n\n" for section in SECTIONS
)


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("0007-something.md", GOOD, []),
        ("0008-something.md", GOOD, ["its name, title, date and status have another form"]),
        ("0007-something.md", GOOD.replace("accepted", "done"), ["its name, title, date and status have another form"]),
        ("0007-something.md", GOOD.replace("2026-11-30", "2026-13-30"), ["its date is none"]),
        ("0007-something.md", GOOD.replace("## Alternatives\n\nText.\n\n", ""), ["its sections are others"]),
        ("0007-something.md", GOOD.replace("## Decision\n\nText.", "## Decision"), ["a section is empty"]),
        ("0007-something.md", GOOD + "More.\n" * LONGEST, ["it is long"]),
    ],
)
def test_what_is_no_record_is_found(name: str, text: str, found: list[str]):
    assert list(faults(name, text)) == found
