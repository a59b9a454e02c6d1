"""Markdown to bounded, harmless HTML: see `rendering` for what comes out, `limits` for what one text may cost."""

from opsdash_markdown.beside_loop import AT_ONCE, Rendered, render_all_soon, render_in_time, render_soon
from opsdash_markdown.html import PLAIN
from opsdash_markdown.rendering import UNRENDERED, VERSION, as_typed, render

__all__ = [
    "AT_ONCE",
    "PLAIN",
    "UNRENDERED",
    "VERSION",
    "Rendered",
    "as_typed",
    "render",
    "render_all_soon",
    "render_in_time",
    "render_soon",
]
