"""Theme, language, phones and narrow windows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.pages import sideways_scroll
from tests.browser.seeding import Orgs
from tests.browser.texts import english_left
from tests.browser.visitors import PHONE

# Runs before anything of the page; notes the scheme at the moment the body begins to exist.
FIRST_PAINT = """new MutationObserver((_, observer) => {
    if (!document.body) return;
    window.schemeAtFirst = getComputedStyle(document.documentElement).colorScheme;
    observer.disconnect();
}).observe(document, {childList: true, subtree: true})"""
NARROW = {"viewport": {"width": 320, "height": 640}}
ZOOMED = {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4}


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


class TestLanguage:
    @pytest.mark.parametrize("path", ["/support", "/dashboard", "/support/64"])
    async def test_spanish_pages_have_no_english_left(self, orgs: Orgs, open_page: Open, path: str):
        page = await open_page(orgs.rich, path, locale="es")
        await expect(page.locator("html")).to_have_attribute("lang", "es")
        assert await english_left(page) == []

    async def test_spanish_dates_name_the_day_before_the_month(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, locale="es")
        titles = await page.locator("tr[data-ticket] time[title]").evaluate_all("times => times.map(t => t.title)")
        assert titles
        assert all(re.match(r"^\d{1,2} (de )?[a-z]{3}", title) for title in titles), titles[:3]


class TestPhone:
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
