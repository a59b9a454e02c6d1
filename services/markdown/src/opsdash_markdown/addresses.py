"""A plugin for markdown-it: a pasted address becomes a link, and a target that may be no link is kept as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from opsdash_markdown.limits import LONGEST_TARGET

#: A target that a page may have as a link.
ABSOLUTE: Final = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
# What ends an address as white space does: ideographic and full-width punctuation, quotation marks of any language, and
# what nobody sees (zero-width and bidirectional marks, which messengers put beside what is copied).
_ENDS: Final = (
    r"\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
    r"\u00ab\u00bb\u2039\u203a\u201c-\u201f"
    r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
)
# In one pass, for it ends at what begins another.
_PASTED: Final = re.compile(rf"""(?<![A-Za-z0-9])https?://[^\s<>"`{_ENDS}]+""", re.IGNORECASE)
_NOT_AT_END: Final = ".,:;!?'*_~\u2018\u2019\u2026\u060c\u061b\u061f\u06d4\u0964"
_PAIRS: Final = (("(", ")"), ("[", "]"))


def linked(markdown: MarkdownIt) -> None:
    """Add the rule; it comes after all others, when the pieces of a text are joined."""
    markdown.core.ruler.push("addresses", _addresses)


def _addresses(state: StateCore) -> None:
    for token in state.tokens:
        if token.children:
            token.children = list(_with_links(state.md, token.children))


def _with_links(markdown: MarkdownIt, tokens: Sequence[Token]) -> Iterator[Token]:
    inside, kept = False, ""
    for token in tokens:
        if token.type == "link_open":
            inside, target = True, str(token.attrs["href"])
            kept = "" if ABSOLUTE.fullmatch(target) else target
            if not kept:
                yield token
        elif token.type == "link_close":
            yield _text(f" ({kept})") if kept else token
            inside, kept = False, ""
        elif token.type == "text" and not inside:
            yield from _split(markdown, token.content)
        else:
            yield token


def _split(markdown: MarkdownIt, text: str) -> Iterator[Token]:
    at = 0
    for found in _PASTED.finditer(text):
        address = _trimmed(found[0])
        target = markdown.normalizeLink(address)
        if len(address) > LONGEST_TARGET or not ABSOLUTE.fullmatch(target):
            continue
        yield _text(text[at : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": target})
        yield _text(address)
        yield Token("link_close", "a", -1)
        at = found.start() + len(address)
    yield _text(text[at:])


def _trimmed(address: str) -> str:
    """Without what ends the sentence around it: `(see https://a.example/b).` names `https://a.example/b`."""
    address = address.rstrip(_NOT_AT_END)
    for opening, closing in _PAIRS:
        surplus = address.count(closing) - address.count(opening)
        closed = len(address) - len(address.rstrip(closing))
        if min(surplus, closed) > 0:
            address = address[: -min(surplus, closed)].rstrip(_NOT_AT_END)
    return address


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
