"""What Markdown becomes: useful where it should be, harmless where it must be."""

from __future__ import annotations

import pytest
from opsdash_markdown import render

from tests.support.hostile_text import PAYLOADS, active_content


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

    @pytest.mark.parametrize(
        ("markdown", "address"),
        [
            ("see https://status.example.com/incident/7", "https://status.example.com/incident/7"),
            ("https://a.example/b.", "https://a.example/b"),
            ("(see https://a.example/b).", "https://a.example/b"),
            ("https://a.example/wiki/Rust_(language)", "https://a.example/wiki/Rust_(language)"),
            ("[1]: and https://a.example/x_y_z?q=1#top, then", "https://a.example/x_y_z?q=1#top"),
            ("**HTTP://A.example**", "HTTP://A.example"),
            ("| a |\n|---|\n| https://a.example |", "https://a.example"),
            ("- https://a.example/list!", "https://a.example/list"),
            ("詳細はhttps://a.example/ja。", "https://a.example/ja"),
            ("«https://a.example/b», dijo", "https://a.example/b"),
            ("\u201chttps://a.example/b\u201d", "https://a.example/b"),
            ("\u2018https://a.example/b\u2019", "https://a.example/b"),
            ("https://a.example/b\u2026", "https://a.example/b"),
            ("https://a.example/b\u200b and", "https://a.example/b"),
            ("\u2068https://a.example/b\u2069", "https://a.example/b"),
            ("هل https://a.example/b؟", "https://a.example/b"),
            ("https://a.example/ä", "https://a.example/%C3%A4"),
        ],
    )
    def test_a_pasted_address_is_a_link(self, markdown: str, address: str) -> None:
        html = render(markdown)
        assert (f'<a href="{address}" rel="nofollow noopener noreferrer">' in html) == bool(address)
        assert html.count("<a ") == bool(address)

    @pytest.mark.parametrize(
        "markdown",
        [
            "`https://a.example`",
            "```\nhttps://a.example\n```",
            "xhttps://a.example",
            "https://",
            "http:/a.example",
            "ftp://a",
        ],
    )
    def test_what_is_no_address_stays_text(self, markdown: str) -> None:
        assert "<a" not in render(markdown)

    def test_a_link_around_an_address_is_one_link(self) -> None:
        assert render("[https://a.example](https://b.example)").count("<a ") == 1
        assert render("<https://a.example>").count("<a ") == 1

    @pytest.mark.parametrize(
        ("markdown", "text"),
        [
            ("[call](tel:+4930123456)", "call (tel:+4930123456)"),
            ("[this *page*](/wiki/42)", "this <em>page</em> (/wiki/42)"),
            ("[there](//a.example/b)", "there (//a.example/b)"),
            ("[file](ftp://a.example/b)", "file (ftp://a.example/b)"),
            ("[a][r]\n\n[r]: sip:anna@a.example", "a (sip:anna@a.example)"),
        ],
    )
    def test_a_target_that_may_be_no_link_stays_readable(self, markdown: str, text: str) -> None:
        assert render(markdown) == f"<p>{text}</p>\n"

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
