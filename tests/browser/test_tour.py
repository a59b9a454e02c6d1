"""The introduction: offered once to a person, four steps, and only what is on the page."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Open, Orgs
from tests.browser.pages import TicketList
from tests.browser.people import NEWCOMER, VIEWER


def step(page: Page) -> Locator:
    return page.locator(".driver-popover")


async def test_a_newcomer_is_offered_it_once(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.rich, as_=NEWCOMER)
    offer = page.locator("#tour-offer")
    async with page.expect_response(lambda response: "preferences" in response.url):
        await offer.get_by_role("button", name="Take the tour").click()
    titles = ["Create a ticket", "Narrow the list", "Work the queue", "Jump to a view"]
    for number, title in enumerate(titles, start=1):
        await expect(step(page)).to_contain_text(title)
        await expect(step(page)).to_contain_text(f"{number} of 4")
        await page.keyboard.press("ArrowRight")
    await expect(step(page)).to_have_count(0)
    await page.reload()
    await expect(TicketList(page).rows.first).to_be_visible()
    await expect(offer).to_be_hidden()


async def test_keys_go_back_and_escape_ends_it(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.rich)
    await page.get_by_role("main").get_by_role("button", name="Take the tour").click()
    await expect(step(page)).to_contain_text("Create a ticket")
    await page.keyboard.press("ArrowRight")
    await expect(step(page)).to_contain_text("Narrow the list")
    await page.keyboard.press("ArrowLeft")
    await expect(step(page)).to_contain_text("Create a ticket")
    await page.keyboard.press("Escape")
    await expect(step(page)).to_have_count(0)


async def test_steps_whose_target_is_not_there_are_left_out(orgs: Orgs, open_page: Open):
    """Viewers have no button for new tickets."""
    page = await open_page(orgs.rich, as_=VIEWER)
    await page.get_by_role("button", name="Take the tour").first.click()
    await expect(step(page)).to_contain_text("Narrow the list")
    await expect(step(page)).to_contain_text(re.compile(r"1 (/|of) 3"))


async def test_its_script_is_loaded_only_when_it_starts(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.rich)
    loaded = "performance.getEntriesByType('resource').filter(entry => /driver|tour/.test(entry.name)).length"
    assert await page.evaluate(loaded) == 0
    await page.get_by_role("button", name="Take the tour").first.click()
    await expect(step(page)).to_be_visible()
    assert await page.evaluate(loaded) >= 1
