"""No spreadsheet finds a formula in what people have written, at whichever separator it splits."""

from __future__ import annotations

import csv
import io
import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_tickets.listing import csv_export
from opsdash_tickets.names.entities import Person
from opsdash_tickets.tickets.rows import ListedTicket

from services.tickets.tests.rows import ADA, NOW, listed, names

SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−⁼⁺⁻₌₊₋"  # noqa: RUF001 - these are meant
MARKS = ' "\u00a0\u200b\u200d\ufeff\u2060\u3000\ufe0f\u00ad'
SEPARATORS = [chars for size in (1, 2, 3) for chars in combinations(",;\t", size)]
TRIED = (
    "=1+1", "paper;=1+1", ";=1+1", "a\t=1+1", "a\t;\t=1+1", 'A paper";=2+3;"', '";""=1+1', "a,b,-2+3", "a; @SUM(A1)",
    "\ufeff=1+1", "a;\u200b＝1+1", "＠SUM(1)", "a\n=1+1", "a\r\n+1", "a\u2028=1", "−1+2", '"=1+1"', ";;=1", "a;\t,=1",  # noqa: RUF001
)  # fmt: skip


def row(title: str, assignee: str | None = None) -> ListedTicket:
    return listed(title=title, assignee_id=None if assignee is None else ADA)


def exported(*rows: ListedTicket, ada: str = "Ada", header: bool = False) -> str:
    """The rows as they are exported when Ada is called like that."""
    known = names()
    known.people[ADA] = Person(id=ADA, name=ada, active=True)
    return csv_export.encode(rows, known, NOW, header=header).decode()


def cells(line: str, separators: tuple[str, ...]) -> list[str]:
    """Split without looking at quotation marks, as a reader does that has lost count of them; what is before the first
    sign that counts is taken away.
    """
    return [cell.lstrip(MARKS + "\r\n\u2028") for cell in re.split(f"[{''.join(separators)}\r\n\u2028]", line)]


def assert_inert(text: str) -> None:
    line = exported(row(text, assignee=text), ada=text)
    for separators in SEPARATORS:
        assert [cell for cell in cells(line, separators) if cell.startswith(tuple(SIGNS))] == [], separators
        for read in csv.reader(io.StringIO(line, newline=""), delimiter=separators[0]):
            assert not any(cell.lstrip(MARKS).startswith(tuple(SIGNS)) for cell in read)


class TestFormulas:
    @pytest.mark.parametrize("text", TRIED)
    def test_none_starts_in_what_somebody_tried(self, text: str):
        assert_inert(text)

    @pytest.mark.parametrize("sign", SIGNS)
    @pytest.mark.parametrize("mark", ["", *MARKS])
    def test_none_starts_with_a_sign_in_any_form_and_a_mark_in_front(self, sign: str, mark: str):
        for before in ("", ",", ";", "\t", "x;", 'x";'):
            assert_inert(f"{before}{mark}{sign}1+1")

    @given(text=st.text(st.sampled_from('=+-@＝＠,;\t\n" x1\u200b\ufeff'), max_size=12))  # noqa: RUF001
    def test_none_starts_in_any_mixture(self, text: str):
        assert_inert(text)

    @pytest.mark.parametrize(
        "text", ["Printer on fire", "a-b", "1+1=2", "x@example.com", "50 % - urgent", "a, b; c", "¿Qué?", "#42", ""]
    )
    def test_ordinary_text_stays_as_it_is(self, text: str):
        assert csv_export.as_text(text) == text

    def test_control_characters_make_plain_text(self):
        assert csv_export.as_text("a\x07b") == "'a\x07b"


class TestFile:
    def test_starts_with_one_byte_order_mark_and_the_names(self):
        text = exported(row("t"), header=True)
        assert text.startswith('\ufeff"number","title",')
        assert text.count("\ufeff") == 1
        assert not exported(row("t")).startswith("\ufeff")

    def test_texts_are_in_quotation_marks_and_numbers_are_not(self):
        line = exported(row('say "hi"', assignee="Ada"))
        assert line.startswith('7,"say ""hi""","open","low","billing","Ada","","","","","","none",')
        assert ',0,12,"Zoë",' in line
        assert line.endswith(',3,"0198c0de-1111-7abc-8def-0000000000aa"\r\n')

    def test_is_read_back_as_it_was_written(self):
        read = list(csv.reader(io.StringIO(exported(row("Zoë said: a, b\tc")), newline="")))
        assert read[0][1] == "'Zoë said: a, b\tc"
