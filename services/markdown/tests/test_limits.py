"""What one text may cost: HTML, cells, definitions, nesting and time, and that nothing of it is lost beyond that."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opsdash_markdown import PLAIN, render
from opsdash_markdown.limits import MAXIMUM_CELLS, MAXIMUM_DEFINITIONS, MAXIMUM_NESTING

from tests.support.hostile_text import HOSTILE, PAYLOADS, active_content, hostile
from tests.support.measurements import assert_growth

pytestmark = pytest.mark.integration

SMALL, LARGE = 2_500, 20_000  # the limit of a description
#: Three doublings of linear work are 8 times as much, of quadratic work 64 times: as far from one as from the other.
GROWTH = (8 * 64) ** 0.5
FRAGMENTS = st.sampled_from(
    [text for size in (30, 200, 1_500) for text in hostile(size).values()]
    + [*PAYLOADS, "[a]: http://x.example/" + "b" * 500 + "\n\n", "[a]", "|a|b|\n|-|-|\n", "\n\n", "```\n", "    "]
)


class _Shape(HTMLParser):
    """Counts cells and measures depth."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.cells = self.depth = self.deepest = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.cells += tag in {"td", "th"}
        if tag not in {"br", "hr"}:
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1


def check_bounds(text: str, html: str) -> None:
    assert len(html) <= 8 * len(text) + 16 * 1024
    assert len(html.encode()) <= 8 * len(text.encode()) + 16 * 1024
    shape = _Shape(html)
    assert shape.cells <= MAXIMUM_CELLS
    assert shape.deepest <= MAXIMUM_NESTING
    assert active_content(html) == []


class TestBounds:
    @pytest.mark.parametrize("kind", HOSTILE)
    def test_hostile_texts(self, kind: str) -> None:
        for size in (500, LARGE):
            text = hostile(size)[kind]
            check_bounds(text, render(text))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(FRAGMENTS | st.text(max_size=60), max_size=8).map("".join))
    def test_any_text(self, text: str) -> None:
        check_bounds(text, render(text))

    @settings(max_examples=60, deadline=None)
    @given(st.lists(FRAGMENTS | st.text(max_size=60), min_size=1, max_size=5))
    def test_nothing_is_lost(self, fragments: list[str]) -> None:
        text = "".join(f"{fragment}\n\nword{number}\n\n" for number, fragment in enumerate(fragments))
        html = render(text)
        assert [number for number in range(len(fragments)) if f"word{number}" not in html] == []


class TestBeyondThem:
    """What fits is rendered; the rest follows as it was typed, in an element that says so."""

    def test_what_came_before_a_hostile_block_is_rendered_and_what_follows_is_shown(self) -> None:
        rendered, rest = PLAIN.split(render("*before*\n\n" + "> " * 30 + "deep\n\n*after*"))
        assert rendered == "<p><em>before</em></p>\n"
        assert unescape(rest) == "> " * 30 + "deep\n\n*after*</pre>\n"

    def test_a_table_keeps_the_rows_for_which_there_are_cells(self) -> None:
        rows = MAXIMUM_CELLS // 4
        html = render("|a|b|c|d|\n|-|-|-|-|\n" + "".join(f"|{row}||||\n" for row in range(rows + 10)) + "\nend")
        rendered, rest = PLAIN.split(html)
        assert _Shape(rendered).cells == MAXIMUM_CELLS
        assert f"<td>{rows - 2}</td>" in rendered
        assert rest.startswith(f"|{rows - 1}||||\n")
        assert rest.endswith("\n\nend</pre>\n")

    @pytest.mark.parametrize("follows", ["", "\n\n*after*", "\n# after"])
    def test_a_table_with_exactly_as_many_cells_is_whole(self, follows: str) -> None:
        html = render("|a|b|\n|-|-|\n" + "\n".join(["|1|2|"] * (MAXIMUM_CELLS // 2 - 1)) + follows)
        assert _Shape(html).cells == MAXIMUM_CELLS
        assert bool(PLAIN.search(html)) == (follows == "\n# after")

    def test_more_definitions_than_there_may_be_are_shown(self) -> None:
        def text(number: int) -> str:
            return "[0]\n\n" + "".join(f"[{place}]: http://x.example/{place}\n" for place in range(number))

        assert not PLAIN.search(render(text(MAXIMUM_DEFINITIONS)))
        html = render(text(MAXIMUM_DEFINITIONS + 1))
        assert html.startswith('<p><a href="http://x.example/0"')
        assert f"[{MAXIMUM_DEFINITIONS}]: http://x.example/{MAXIMUM_DEFINITIONS}" in html

    def test_lists_and_quotes_as_deep_as_people_write_them_are_rendered(self) -> None:
        lists = "".join("  " * depth + "- item\n" for depth in range(9))
        quotes = "".join(">" * depth + " quoted\n\n" for depth in range(1, 18))
        html = render(lists + "\n" + quotes)
        assert not PLAIN.search(html)
        assert (html.count("<li>"), html.count("<blockquote>")) == (9, sum(range(1, 18)))

    @pytest.mark.parametrize(
        "text",
        [
            "- [ ] call back\n" * 400,
            "| time | host | state |\n|---|---|---|\n" + "| 10:42 | web-1 | restarted |\n" * 300,
            "".join(f"{number}. step [{number}](https://wiki.example/{number})\n" for number in range(200)),
            "42\n117\n" * 400,
            "2026-11-24 10:42:17,113 ERROR [worker-3] a.b.C - request failed: <timeout> & retry=2\n" * 200,
            "```\n" + "at com.example.Service.run(Service.java:42)\n" * 400 + "```\n",
            "> quoted\n>> more\n\n" * 300,
        ],
        ids=["tasks", "table", "steps", "numbers", "log", "trace", "quotes"],
    )
    def test_what_people_paste_is_rendered_whole(self, text: str) -> None:
        assert not PLAIN.search(render(text))

    def test_a_text_of_nothing_but_definitions_is_shown(self) -> None:
        assert render("[INFO]: restarted") == "<pre>[INFO]: restarted</pre>\n"

    def test_nobody_can_write_the_mark(self) -> None:
        assert not PLAIN.search(render("<pre>x</pre>\n\n```pre\ny\n```\n\n    <pre>"))


class TestTime:
    @pytest.mark.parametrize("kind", HOSTILE)
    def test_it_grows_with_the_text(self, kind: str) -> None:
        """Three doublings."""
        small, large = hostile(SMALL)[kind], hostile(LARGE)[kind]
        assert_growth(render, lambda: small, lambda: large, GROWTH)
