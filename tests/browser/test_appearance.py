"""Theme, language, phones and narrow windows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import opsdash_gateway
import pytest
from babel.messages.pofile import read_po
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, Orgs
from tests.browser.console import PSEUDO_LOCALE, Console
from tests.browser.pages import CreateDialog, Drawer, TicketList, sideways_scroll
from tests.browser.people import MEMBER, OrgUnderTest
from tests.browser.visitors import PHONE, Guard, Visitors, settled

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


pytestmark = pytest.mark.console

# Runs before anything of the page; notes the scheme at the moment the body begins to exist.
FIRST_PAINT = """new MutationObserver((_, observer) => {
    if (!document.body) return;
    window.schemeAtFirst = getComputedStyle(document.documentElement).colorScheme;
    observer.disconnect();
}).observe(document, {childList: true, subtree: true})"""
NARROW = {"viewport": {"width": 320, "height": 640}}
ZOOMED = {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4}


async def test_no_browser_of_today_is_told_that_it_is_too_old(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.rich)
    await expect(page.get_by_text("This browser is too old")).to_be_hidden()


class TestTheme:
    async def test_dark_is_there_before_the_first_paint_and_kept(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, color_scheme="light")
        await page.add_init_script(FIRST_PAINT)
        await page.reload()
        assert await page.evaluate("window.schemeAtFirst") == "light"
        await page.get_by_role("button", name="Your settings").click()
        await page.get_by_text("Dark", exact=True).click()
        await expect(page.locator("html")).to_have_css("color-scheme", "dark")
        await page.reload()
        assert await page.evaluate("window.schemeAtFirst") == "dark"

    async def test_it_follows_the_system_by_itself(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, color_scheme="dark")
        text = "getComputedStyle(document.body).color"
        dark = await page.evaluate(text)
        await page.emulate_media(color_scheme="light")
        await page.wait_for_function(f"before => {text} !== before", arg=dark)


class TestLanguage:
    @pytest.mark.parametrize("path", ["/support", "/dashboard", "/support/64"])
    async def test_spanish_pages_have_no_english_left(self, orgs: Orgs, open_page: Open, path: str):
        page = await open_page(orgs.rich, path, locale="es")
        await expect(page.locator("html")).to_have_attribute("lang", "es")
        assert await english_left(page) == []
        assert await cut(page) == []

    async def test_spanish_dates_name_the_day_before_the_month(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, locale="es")
        titles = await page.locator("tr[data-ticket] time[title]").evaluate_all("times => times.map(t => t.title)")
        assert titles
        assert all(re.match(r"^\d{1,2} (de )?[a-z]{3}", title) for title in titles), titles[:3]

    async def test_the_dialog_and_its_errors_are_spanish_too(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, locale="es")
        await page.keyboard.press("c")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_label("Título").fill(" ")
        await page.keyboard.press("Control+Enter")
        await expect(dialog.locator("[aria-invalid=true]")).to_be_focused()
        assert await english_left(page) == []

    @pytest.mark.parametrize(
        ("which", "path"),
        [
            ("rich", "/support"), ("rich", "/support?q=nothing-like-it"), ("rich", "/support/64"),
            ("rich", "/dashboard"), ("empty", "/support"), ("near", "/support"), ("free", "/support"),
        ],
    )  # fmt: skip
    async def test_every_text_is_translated_and_none_is_cut(
        self, orgs: Orgs, open_page: Open, guard: Guard, which: str, path: str
    ):
        """In the pseudo-locale, which marks what comes from a catalogue and is a quarter longer than English."""
        guard.expect_statuses({403})
        page = await open_page(getattr(orgs, which), path, locale=PSEUDO_LOCALE)
        await settled(page)
        assert await untranslated(page) == []
        assert await cut(page) == []

    async def test_menus_and_dialogs_are_translated_too(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, locale=PSEUDO_LOCALE)
        for opener in (TicketList(page).search, page.locator("[popovertarget=filter-sla]")):
            await opener.click()
            assert await cut(page) == []
        await page.keyboard.press("Escape")
        for key in ("?", "c"):
            await page.keyboard.press(key)
            await expect(page.locator("dialog[open] h2")).to_be_visible()
            await settled(page)
            assert await untranslated(page) == []
            assert await cut(page) == []
            await page.keyboard.press("Escape")

    async def test_an_unknown_language_is_a_page_not_found(self, orgs: Orgs, visitors: Visitors, guard: Guard):
        guard.expect_statuses({404})
        page = await (await visitors.context(MEMBER)).new_page()
        answer = await page.goto(visitors.address(orgs.rich, locale="xx"))
        assert answer
        assert answer.status == 404


class TestPhone:
    async def test_the_main_flow_works_by_touch(self, console: Console, org: OrgUnderTest, open_page: Open):
        await console.ticket(org, "Known")
        page = await open_page(org, **PHONE)
        assert await sideways_scroll(page) == 0
        await TicketList(page).new.tap()
        dialog = CreateDialog(page)
        await dialog.title.fill("From the road")
        await dialog.submit.tap()
        await expect(dialog.root).to_be_hidden()
        await page.get_by_role("link", name="From the road").tap()
        drawer = Drawer(page)
        await drawer.expect_open("From the road")
        await settled(page)
        box = await drawer.root.bounding_box()
        assert box
        assert (box["x"], box["width"]) == (0, 390)
        await drawer.field("Status").select_option(label="In progress")
        await drawer.composer.fill("On my way")
        await drawer.button("Comment").tap()
        await expect(drawer.comments).to_contain_text("On my way")
        assert await sideways_scroll(page) == 0
        await drawer.close.tap()
        await expect(TicketList(page).rows.first).to_contain_text("In progress")
        await page.get_by_role("button", name="Open menu").tap()
        await page.get_by_role("link", name=re.compile("Dashboard")).tap()
        await expect(page.get_by_role("heading", name="Dashboard", level=1)).to_be_visible()
        assert await sideways_scroll(page) == 0

    async def test_what_is_touched_is_large_enough(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, **PHONE)
        small = await page.evaluate("""() => [...document.querySelectorAll("main button, main a, main select")]
            .filter(each => each.checkVisibility({visibilityProperty: true}))
            .map(each => [each.getBoundingClientRect(), each])
            .filter(([box]) => box.width > 1 && (box.width < 24 || box.height < 24))
            .filter(([, each]) => !each.matches("tr a")).map(([, each]) => each.outerHTML.slice(0, 120))""")
        assert small == []


@pytest.mark.parametrize("window", [NARROW, ZOOMED], ids=["320 px", "400 percent"])
@pytest.mark.parametrize("path", ["/support", "/support/64", "/dashboard"])
async def test_narrow_windows_scroll_in_one_direction_only(
    orgs: Orgs, open_page: Open, window: dict[str, Any], path: str
):
    page = await open_page(orgs.rich, path, **window)
    assert await sideways_scroll(page) == 0
