"""Markdown to HTML that can be put into a page: rendered with HTML off, bounded, then reduced to an allow-list."""

from __future__ import annotations

from typing import Final

from markdown_it import MarkdownIt

from opsdash_markdown.addresses import linked
from opsdash_markdown.html import BoundedHTML, clean, plain
from opsdash_markdown.limits import maximum_html
from opsdash_markdown.parsing import bounded

#: Grows with every change of what comes out; HTML stored by another version is rendered anew.
VERSION: Final = 2
#: In place of a version: as it was typed, for now.
UNRENDERED: Final = 0

# Left alone, these turn around the text that follows them, up to beyond the comment; marks (LRM, RLM) stay.
_BIDI_CONTROLS: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])

_MARKDOWN: Final = (
    MarkdownIt("commonmark", {"html": False, "breaks": True, "typographer": False}, renderer_cls=BoundedHTML)
    .enable(["table", "strikethrough"])
    .disable(["image", "html_block", "html_inline"])
    .use(bounded)
    .use(linked)
)


def render(text: str) -> str:
    """The HTML of a text; what is beyond the limits stands at its end as it was typed, and nothing is lost."""
    source = text.translate(_BIDI_CONTROLS)
    html = clean(_MARKDOWN.render(source))
    if len(html) > maximum_html(text) or (not html and source.strip()):
        return as_typed(text)
    return html


def as_typed(text: str) -> str:
    """The HTML of a text that is not rendered."""
    return plain(text.translate(_BIDI_CONTROLS))
