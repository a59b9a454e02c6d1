"""Markdown to HTML that can be put into a page: rendered with HTML off, then reduced to an allow-list."""

from __future__ import annotations

import re
from typing import Final

import nh3
from markdown_it import MarkdownIt

#: Grows with every change of what comes out; HTML stored by another version is rendered anew.
VERSION: Final = 1

_TAGS: Final = {
    "a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_SCHEMES: Final = {"http", "https", "mailto"}
_ABSOLUTE: Final = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"language-[A-Za-z0-9_+#.-]{1,40}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
# Left alone, these turn around the text that follows them, up to beyond the comment; marks (LRM, RLM) stay.
_BIDI_CONTROLS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_ALLOWED: Final = {("a", "href"): _ABSOLUTE, ("code", "class"): _LANGUAGE, ("ol", "start"): _NUMBER}

_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False, "breaks": True, "typographer": False})
_MARKDOWN.enable(["table", "strikethrough"]).disable(["image"])


def render(markdown: str) -> str:
    """HTML without scripts, handlers, styles, images or links to anything but http, https and mailto."""
    return _CLEANER.clean(_MARKDOWN.render(markdown.translate(_BIDI_CONTROLS)))


def _checked(tag: str, attribute: str, value: str) -> str | None:
    """Keep an attribute only where its value has the one form it may have."""
    if (tag, attribute) == ("a", "rel"):
        return value
    form = _ALLOWED.get((tag, attribute))
    return value if form is not None and form.fullmatch(value) else None


_CLEANER: Final = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}, "code": {"class"}, "ol": {"start"}},
    attribute_filter=_checked,
    url_schemes=_SCHEMES,
    link_rel="nofollow noopener noreferrer",
    strip_comments=True,
    generic_attribute_prefixes=set(),
)
