"""From tokens to HTML that can be put into a page: within its size, and reduced to an allow-list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from opsdash_markdown.addresses import ABSOLUTE
from opsdash_markdown.limits import maximum_html
from opsdash_markdown.parsing import end_of, top_level

#: What is shown as it was typed stands at the end, in a `pre` without the `code` that rendered ones have.
PLAIN: Final = re.compile("<pre>(?!<code)")
REL: Final = "nofollow noopener noreferrer"

_TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_SCHEMES: Final = {"http", "https", "mailto"}
_LANGUAGE: Final = re.compile(r"language-[A-Za-z0-9_+#.-]{1,40}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_ALLOWED: Final = {
    ("a", "href"): ABSOLUTE,
    ("a", "rel"): re.compile(REL),
    ("code", "class"): _LANGUAGE,
    ("ol", "start"): _NUMBER,
}
_AROUND_PLAIN: Final = "<pre>{}</pre>\n"
# What the sanitiser makes longer: it writes `&nbsp;` for the character, and `rel` into every link.
_LONGEST_CHARACTER: Final = len("&nbsp;")
_LONGER_LINK: Final = len(f' rel="{REL}"')


class BoundedHTML(RendererHTML):
    """HTML of the blocks that fit into the size of the text's HTML, then the rest of the text as it was typed."""

    def render(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType) -> str:
        source: str = env["source"]
        # What must fit is what there is so far and everything after it as it was typed.
        space = maximum_html(source) - _LONGEST_CHARACTER * len(source) - len(_AROUND_PLAIN)
        if "rest" not in env:
            html = super().render(tokens, options, env)
            if _cleaned_size(html) <= space:
                return html
        return self._render_blocks(tokens, options, env, space)

    def _render_blocks(self, tokens: Sequence[Token], options: OptionsDict, env: EnvType, space: int) -> str:
        lines = env["source"].split("\n")
        parts: list[str] = []
        line, rest = 0, env.get("rest", len(lines))
        for block in top_level(tokens):
            html, end = super().render(block, options, env), end_of(block)
            space += _LONGEST_CHARACTER * sum(len(text) + 1 for text in lines[line:end]) - _cleaned_size(html)
            if space < 0:
                rest = line
                break
            parts.append(html)
            line = end
        plain = "\n".join(lines[rest:]).strip("\n")
        return "".join([*parts, _AROUND_PLAIN.format(escape(plain))] if plain else parts)


def plain(text: str) -> str:
    """All of a text as it was typed."""
    return clean(_AROUND_PLAIN.format(escape(text.strip("\n"))))


def clean(html: str) -> str:
    """HTML without scripts, handlers, styles, images or links to anything but http, https and mailto."""
    return _CLEANER.clean(html)


def _cleaned_size(html: str) -> int:
    """At least as many characters as the sanitiser makes of it."""
    return len(html) + html.count("\xa0") * (_LONGEST_CHARACTER - 1) + html.count("<a ") * _LONGER_LINK


def _checked(tag: str, attribute: str, value: str) -> str | None:
    """Keep an attribute only where its value has the one form it may have."""
    form = _ALLOWED.get((tag, attribute))
    return value if form is not None and form.fullmatch(value) else None


_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}, "code": {"class"}, "ol": {"start"}},
    attribute_filter=_checked,
    url_schemes=_SCHEMES,
    link_rel=REL,
    strip_comments=True,
    generic_attribute_prefixes=set(),
)
