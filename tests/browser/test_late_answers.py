"""Answers that come when the ticket they are about is not open any more."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, Held, TicketList, expect_status, rendered_choice, toast
from tests.browser.people import COLLEAGUE, OrgUnderTest

pytestmark = pytest.mark.console


class TestAnswersThatComeLate:
    """The ticket that was changed is not open any more: the change is shown where it belongs, and nowhere else."""

    @pytest.fixture
    async def both(self, console: Console, org: OrgUnderTest) -> list[Any]:
        return [await console.ticket(org, title) for title in ("Below", "Above")]

    @pytest.mark.parametrize("way", ["j", "Escape"])
    async def test_of_a_change(self, org: OrgUnderTest, both: list[Any], open_page: Open, way: str):
        below, above = both
        drawer = await Drawer(page := await open_page(org)).open(above)
        await page.route("**/support/2", held := Held())
        await drawer.button("Resolve").click()
        await held.sent.wait()
        await page.keyboard.press(way)
        if way == "j":
            await drawer.expect_open(below["title"])
        held.release.set()
        if way == "j":
            await expect(TicketList(page).row(above)).to_contain_text("Resolved")
            await expect(page.locator("#live")).to_have_text("Saved. Status: Resolved")
            await drawer.expect_open(below["title"])
            await expect_status(drawer, "Open")
            await expect(drawer.button("Resolve")).to_be_visible()
            await page.keyboard.press("Escape")
        await expect(TicketList(page).row(above)).to_have_count(0)
        await expect(toast(page, "#2 has left this list.")).to_be_visible()

    async def test_of_a_comment(self, console: Console, org: OrgUnderTest, both: list[Any], open_page: Open):
        below, above = both
        drawer = await Drawer(page := await open_page(org)).open(above)
        await page.route("**/support/2/comments", held := Held())
        await drawer.composer.fill("Meant for the one above")
        await page.keyboard.press("Control+Enter")
        await held.sent.wait()
        await drawer.heading.focus()
        await page.keyboard.press("j")
        await drawer.expect_open(below["title"])
        held.release.set()
        await console.counted_comments(org, above, 1)
        await expect(TicketList(page).row(above)).to_contain_text("1 comment")
        await expect(drawer.comments).to_have_count(0)
        await expect(drawer.root.locator("#comment-count")).to_have_text("0")
        await page.keyboard.press("k")
        await expect(drawer.comments).to_have_count(1)
        await expect(drawer.composer).to_have_value("")

    async def test_of_somebody_elses_change(
        self, console: Console, org: OrgUnderTest, both: list[Any], open_page: Open
    ):
        """What the drawer asks for when it hears of a change."""
        below, above = both
        drawer = await Drawer(page := await open_page(org)).open(above)
        await page.route("**/support/2/properties", held := Held())
        await console.change(org, above, by=COLLEAGUE, title="Changed above", priority="urgent")
        await held.sent.wait()
        await drawer.heading.focus()
        await page.keyboard.press("j")
        await drawer.expect_open(below["title"])
        async with page.expect_response("**/support/2/properties") as answer:
            held.release.set()
        await (await answer.value).finished()
        await expect(TicketList(page).row(above)).to_contain_text("Changed above")
        await expect(drawer.heading).to_have_text(below["title"])
        await expect(rendered_choice(drawer.field("Priority"))).to_have_text("Medium")
