"""Finds texts of the interface that are still English on a page in another language."""

from __future__ import annotations

from pathlib import Path

import opsdash_gateway
from babel.messages.pofile import read_po
from playwright.async_api import Page

LOCALES = Path(opsdash_gateway.__file__).parent / "locale"
_TEXTS = """() => {
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const {parentElement: parent, data} = walker.currentNode;
        if (!parent.closest("script, style, template, .prose, tr[data-ticket] a")) texts.push(data.trim());
    }
    for (const each of document.querySelectorAll("[aria-label], [title], [placeholder]"))
        texts.push(...["aria-label", "title", "placeholder"].map(name => each.getAttribute(name)?.trim()));
    return texts.filter(Boolean);
}"""


def english_words(locale: str = "es") -> set[str]:
    """Messages whose translation differs from them."""
    with next((LOCALES / locale).rglob("messages.po")).open("rb") as file:
        catalogue = read_po(file)
    pairs = [(message.id, message.string) for message in catalogue if message.id and isinstance(message.id, str)]
    return {english for english, translated in pairs if translated and english != translated}


async def english_left(page: Page) -> list[str]:
    """Visible texts and names that are English messages word for word."""
    return sorted(set(await page.evaluate(_TEXTS)) & english_words())
