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


# What is no text of the interface: typed by people, made of numbers and dates, or the name of a language.
_OTHERS = "[hx-ignore], time, kbd, [aria-hidden=true], .avatar, [data-language], script, style, template, noscript"
_UNMARKED = """others => {
    const left = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const {parentElement: parent, data} = walker.currentNode;
        let bare = data;
        while (bare !== (bare = bare.replace(/\\[[^\\[\\]]*\\]/g, "")));  // innermost first: texts stand in texts
        if (!parent.closest(others) && /\\p{L}/u.test(bare)) left.add(data.trim());
    }
    return [...left];
}"""
# A text is cut where it reaches beyond an element that hides what does not fit; what people typed may be.
_CUT = """() => {
    const isForScreenReaders = element => element.offsetWidth === 1 || element.parentElement.offsetWidth === 1;
    const cut = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const {parentElement: parent, data} = walker.currentNode;
        if (!data.trim() || parent.closest("[hx-ignore], .visually-hidden, meter, progress")) continue;
        if (!parent.checkVisibility({visibilityProperty: true}) || isForScreenReaders(parent)) continue;
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        const text = range.getBoundingClientRect();
        for (let box = parent; box !== document.body; box = box.parentElement) {
            const {overflowX, display} = getComputedStyle(box);
            const hides = ["hidden", "clip"].includes(overflowX) && display !== "inline";
            const edge = box.getBoundingClientRect();
            if (hides && (text.right > edge.right + 1 || text.left < edge.left - 1))
                cut.add(`${data.trim()} in ${box.className || box.tagName}, ${Math.round(text.right - edge.right)} px`);
        }
    }
    return [...cut];
}"""


async def untranslated(page: Page) -> list[str]:
    """Texts of the interface on a page in the pseudo-locale that did not come from a catalogue."""
    return list(await page.evaluate(_UNMARKED, _OTHERS))


async def cut(page: Page) -> list[str]:
    """Texts of the interface of which a part cannot be seen."""
    return list(await page.evaluate(_CUT))


def english_words(locale: str = "es") -> set[str]:
    """Messages whose translation differs from them."""
    with next((LOCALES / locale).rglob("messages.po")).open("rb") as file:
        catalogue = read_po(file)
    pairs = [(message.id, message.string) for message in catalogue if message.id and isinstance(message.id, str)]
    return {english for english, translated in pairs if translated and english != translated}


async def english_left(page: Page) -> list[str]:
    """Visible texts and names that are English messages word for word."""
    return sorted(set(await page.evaluate(_TEXTS)) & english_words())
