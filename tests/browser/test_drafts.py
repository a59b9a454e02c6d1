"""What is typed over a ticket's title and description is kept until it is saved or thrown away."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import TimeoutError as PlaywrightTimeout
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, EditDialog, Held, toast
from tests.browser.people import COLLEAGUE, MEMBER, OrgUnderTest
from tests.browser.visitors import Guard, sign_in

pytestmark = pytest.mark.console


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire")


class TestTitleAndDescription:
    """Of a ticket that there is: their dialog never asks, and never forgets."""

    @pytest.fixture
    async def other(self, console: Console, org: OrgUnderTest) -> Any:
        return await console.ticket(org, "Another")

    @pytest.fixture
    async def dialog(self, org: OrgUnderTest, ticket: Any, other: Any, open_page: Open) -> EditDialog:
        page = await open_page(org)
        await Drawer(page).open(ticket)
        dialog = await EditDialog(page).open()
        await dialog.title.fill("Printer put out")
        await dialog.description.fill("It burned.\nFor an hour.")
        return dialog

    async def expect_typed(self, dialog: EditDialog) -> None:
        await expect(dialog.title).to_have_value("Printer put out")
        await expect(dialog.description).to_have_value("It burned.\nFor an hour.")

    @pytest.mark.parametrize("way", ["Escape", "Cancel", "Back"])
    async def test_survive_closing(self, dialog: EditDialog, ticket: Any, way: str):
        page = dialog.page
        if way == "Back":
            await page.go_back()
            await expect(Drawer(page).root).to_be_hidden()
            await Drawer(page).open(ticket)
        elif way == "Cancel":
            await dialog.root.get_by_role("button", name=way).click()
        else:
            await page.keyboard.press(way)
        await expect(dialog.root).to_be_hidden()
        await dialog.open()
        await expect(toast(page, "Your unsent text is back.")).to_be_visible()
        await self.expect_typed(dialog)

    async def test_survive_another_ticket_and_a_reload_and_are_offered(
        self, dialog: EditDialog, ticket: Any, other: Any
    ):
        page, drawer = dialog.page, Drawer(dialog.page)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await drawer.open(other)
        await dialog.open()
        await expect(dialog.title).to_have_value("Another")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await drawer.open(ticket)
        await page.reload()
        await toast(page, "Continue").click()
        await self.expect_typed(dialog)

    async def test_survive_a_save_that_failed_and_are_gone_after_one_that_did_not(
        self, console: Console, org: OrgUnderTest, dialog: EditDialog, guard: Guard
    ):
        guard.expect_no_server()
        page = dialog.page
        await page.route("**/edit", lambda route: route.abort())
        await dialog.save.click()
        await expect(page.locator("#toasts").get_by_role("alert")).to_be_visible()
        await page.unroute("**/edit")
        await page.reload()
        await toast(page, "Continue").click()
        await self.expect_typed(dialog)
        await dialog.save.click()
        await expect(dialog.root).to_be_hidden()
        await expect(Drawer(page).heading).to_have_text("Printer put out")
        await console.change(org, {"id": "1"}, title="Printer replaced")
        await expect(Drawer(page).heading).to_have_text("Printer replaced")
        await dialog.open()
        await expect(dialog.title).to_have_value("Printer replaced")
        await expect(dialog.afresh).to_be_hidden()

    async def test_survive_a_session_that_has_ended(self, console: Console, dialog: EditDialog, guard: Guard):
        guard.expect_statuses({401})
        page = dialog.page
        await page.context.clear_cookies()
        with suppress(PlaywrightTimeout):  # something in the background may be sent to the sign-in before
            await dialog.save.click(timeout=5_000)
        await page.wait_for_url("**/dev/**")
        await sign_in(page, console.url, MEMBER.name)
        await page.goto(f"{console.url}{dialog.address}")
        await toast(page, "Continue").click()
        await self.expect_typed(dialog)

    async def test_are_nobody_elses(
        self, console: Console, org: OrgUnderTest, dialog: EditDialog, ticket: Any, guard: Guard
    ):
        guard.expect_statuses({401})
        page = dialog.page
        await page.context.clear_cookies()
        await sign_in(page, console.url, COLLEAGUE.name)
        await page.goto(f"{console.url}{dialog.address}")
        await dialog.open()
        await expect(dialog.title).to_have_value(ticket["title"])

    async def test_are_thrown_away_by_their_button_alone(self, dialog: EditDialog, ticket: Any):
        await dialog.afresh.click()
        await expect(dialog.title).to_have_value(ticket["title"])
        await expect(dialog.afresh).to_be_hidden()
        await dialog.page.keyboard.press("Escape")
        await dialog.open()
        await expect(dialog.title).to_have_value(ticket["title"])

    async def test_a_draft_overwrites_nothing_unseen(
        self, console: Console, org: OrgUnderTest, dialog: EditDialog, ticket: Any, guard: Guard
    ):
        """Somebody else's title from before the draft was taken up again is met like one from after."""
        guard.expect_statuses({412})
        page = dialog.page
        await page.keyboard.press("Escape")
        await console.change(org, ticket, by=COLLEAGUE, title="Printer sold")
        await expect(Drawer(page).heading).to_have_text("Printer sold")
        await dialog.open()
        await self.expect_typed(dialog)
        await dialog.save.click()
        told = f"{COLLEAGUE.name} changed Title to “Printer sold” in the meantime; you chose “Printer put out”."
        await expect(toast(page, told)).to_be_visible()
        await dialog.save.click()
        await expect(Drawer(page).heading).to_have_text("Printer put out")

    async def test_what_is_typed_while_they_are_saved_stays(
        self, console: Console, org: OrgUnderTest, dialog: EditDialog
    ):
        page = dialog.page
        await page.route("**/edit", held := Held())
        await dialog.save.click()
        await held.sent.wait()
        await dialog.description.press_sequentially(" And a half.")
        held.release.set()
        await expect(toast(page, "Saved")).to_be_visible()
        await page.unroute("**/edit", held)
        await expect(dialog.description).to_have_value("It burned.\nFor an hour. And a half.")
        await dialog.save.click()
        await expect(dialog.root).to_be_hidden()
        stored = await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/1")
        assert stored["description"] == "It burned.\nFor an hour. And a half."


async def test_drafts_are_not_kept_without_end(console: Console, org: OrgUnderTest, open_page: Open):
    """The oldest makes room: a tab that is open for weeks fills no more of the browser's room than that."""
    page = await open_page(org)
    kept = """() => {
        const { keep, nameOf } = opsdash.drafts;
        const text = "x".repeat(20000);
        for (let number = 0; number < 60; number += 1) keep(nameOf(`/en/org/here/${number}`), { text });
        return Object.keys(sessionStorage).filter(name => name.includes("/org/here/")).length;
    }"""
    assert await page.evaluate(kept) == 40
