"""What Markdown becomes: useful where it should be, harmless where it must be, quick on the worst of texts."""

from __future__ import annotations

import pytest
from opsdash_chassis.markdown import render

from tests.support.xss import PAYLOADS, active_content


class TestUseful:
    @pytest.mark.parametrize(
        ("markdown", "html"),
        [
            ("a *b* **c** ~~d~~", "<p>a <em>b</em> <strong>c</strong> <s>d</s></p>\n"),
            ("one\ntwo", "<p>one<br>\ntwo</p>\n"),
            ("```python\nx < 1\n```", '<pre><code class="language-python">x &lt; 1\n</code></pre>\n'),
            ("3. c", '<ol start="3">\n<li>c</li>\n</ol>\n'),
            ("a & b < c", "<p>a &amp; b &lt; c</p>\n"),
        ],
    )
    def test_text(self, markdown: str, html: str) -> None:
        assert render(markdown) == html

    @pytest.mark.parametrize("url", ["https://ok.example/a?b=1&c=2#d", "http://ok.example", "mailto:a@ok.example"])
    def test_links_go_out_without_trace_of_us(self, url: str) -> None:
        html = render(f"[x]({url})")
        assert f'<a href="{url.replace("&", "&amp;")}" rel="nofollow noopener noreferrer">x</a>' in html

    def test_a_table(self) -> None:
        html = render("| a | b |\n|---|---|\n| 1 | 2 |")
        assert html.count("<td>") == 2
        assert active_content(html) == []


class TestHarmless:
    @pytest.mark.parametrize("payload", PAYLOADS)
    def test_nothing_active_is_left_alone_or_amid_text(self, payload: str) -> None:
        for text in (payload, f"before {payload} after", f"> {payload}\n\n- {payload}", payload * 3):
            assert active_content(render(text)) == []

    @pytest.mark.parametrize(
        ("markdown", "gone"),
        [("[x](/logout)", "href"), ("![x](https://evil.example/p.gif)", "<img"), ("[x](//a)", "href")],
    )
    def test_what_points_inside_or_loads_by_itself_is_text(self, markdown: str, gone: str) -> None:
        assert gone not in render(markdown)


@pytest.mark.timeout(20)  # takes milliseconds; what grows faster than the text never ends
@pytest.mark.parametrize("unit", ["[", "*a ", "> ", "- ", "`", "![](", "<", "| a ", "\\", "[x](", "_*", "&#1;"])
def test_ten_thousand_characters_are_rendered_in_bounded_time(unit: str) -> None:
    assert active_content(render((unit * 10_000)[:10_000])) == []
