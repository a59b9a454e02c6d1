"""axe on every page and state in both themes, the whole flow by keyboard, announcements, reduced motion."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, Orgs
from tests.browser.console import Console
from tests.browser.pages import CreateDialog, Drawer, TicketList, live
from tests.browser.people import COLLEAGUE, MEMBER, VIEWER, OrgUnderTest
from tests.browser.visitors import PHONE, Guard, Visitors, assert_no_findings, assert_no_findings_as_it_is, spoken
from tests.support.measurements import eventually

pytestmark = pytest.mark.console

FEW = "/support?q=zeppelin"
"""Six rows of the long list, whose every row one test has axe look at: behind a dialog they say nothing new."""


class TestFindings:
    """Each opens one state and has axe look at it."""

    async def test_the_list_and_an_open_filter(self, orgs: Orgs, open_page: Open):
        await assert_no_findings(await open_page(orgs.rich))
        page = await open_page(orgs.rich, FEW)
        await page.get_by_role("button", name=re.compile("^Status")).click()
        await expect(page.locator(":popover-open")).to_be_visible()
        await assert_no_findings(page)

    async def test_the_create_dialog_with_and_without_an_error(self, orgs: Orgs, open_page: Open):
        dialog = await CreateDialog(page := await open_page(orgs.rich, FEW)).open()
        await assert_no_findings(page)
        await dialog.title.fill(" ")
        await dialog.submit.click()
        await expect(dialog.title).to_have_attribute("aria-invalid", "true")
        await assert_no_findings(page)

    async def test_the_drawer_with_comments(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.overdue_ticket(
            org, "Late", description="Some **text** and a [link](https://example.com).",
            contact_id=org.known("contact", "Elena Petrova"), project_id=org.known("project", "Client portal"),
        )  # fmt: skip
        top = await console.comment(org, ticket, "`code`\n\n> quote", by=COLLEAGUE)
        await console.comment(org, ticket, "Reply", parent_id=top["id"])
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await expect(drawer.comments).to_have_count(2)
        await assert_no_findings(page)

    async def test_the_drawer_of_a_viewer(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, "/support/64?q=overdue", as_=VIEWER)
        await expect(Drawer(page).root).to_be_visible()
        await assert_no_findings(page)

    async def test_the_tour(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, FEW)
        await page.get_by_role("button", name="Take the tour").first.click()
        await expect(page.locator(".driver-popover")).to_be_visible()
        await assert_no_findings(page)

    @pytest.mark.parametrize("which", ["rich", "empty", "free"])
    async def test_the_dashboard(self, orgs: Orgs, open_page: Open, which: str):
        await assert_no_findings(await open_page(getattr(orgs, which), "/dashboard"))

    @pytest.mark.parametrize("path", ["/support", "/support?q=nothing-like-it"])
    async def test_empty_lists(self, orgs: Orgs, open_page: Open, path: str):
        org = orgs.rich if "?" in path else orgs.empty
        page = await open_page(org, path)
        await expect(TicketList(page).rows).to_have_count(0)
        await assert_no_findings(page)

    async def test_the_locked_page(self, orgs: Orgs, open_page: Open, guard: Guard):
        guard.expect_statuses({403})
        await assert_no_findings(await open_page(orgs.free))

    async def test_the_page_that_does_not_exist(self, orgs: Orgs, open_page: Open, guard: Guard):
        guard.expect_statuses({404})
        await assert_no_findings(await open_page(orgs.rich, "/support/999999"))

    async def test_the_cap_notice(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.full, "/support?q=nothing-like-it")
        await TicketList(page).new.click()
        await expect(page.locator("dialog[open]")).to_contain_text("500")
        await assert_no_findings(page)

    async def test_the_phone_layout(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, **PHONE)
        await assert_no_findings(page)
        page = await open_page(orgs.rich, FEW, **PHONE)
        await page.get_by_role("button", name="Open menu").tap()
        await assert_no_findings(page)

    async def test_sign_in(self, console: Console, visitors: Visitors):
        for theme in ("light", "dark"):
            page = await (await visitors.context(color_scheme=theme)).new_page()
            await page.goto(f"{console.url}/en/sign-in")
            await assert_no_findings_as_it_is(page)

    async def test_the_help_sheet(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, FEW)
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await assert_no_findings(page)


class TestKeyboard:
    async def test_the_whole_flow_needs_no_mouse(self, console: Console, org: OrgUnderTest, open_page: Open):
        await console.ticket(org, "Known")
        page = await open_page(org)
        await press(page, "c")
        dialog = CreateDialog(page)
        await expect(dialog.title).to_be_focused()
        await page.keyboard.type("By keyboard alone")
        await press(page, "Control+Enter")
        await expect(dialog.root).to_be_hidden()
        await press(page, "/")
        await expect(TicketList(page).search).to_be_focused()
        await page.keyboard.type("keyboard")
        await expect(TicketList(page).rows).to_have_count(1)
        await press(page, "Tab")
        await press(page, "j", "Enter")
        drawer = Drawer(page)
        await drawer.expect_open("By keyboard alone")
        await press(page, "s")
        await expect(drawer.root.locator("#property-status:open")).to_be_visible()
        await page.keyboard.type("Wa")
        await press(page, "Enter")
        await expect(TicketList(page).row(await newest(console, org))).to_contain_text("Waiting")
        await expect(drawer.heading).to_be_focused()
        await press(page, "r")
        await expect(drawer.composer).to_be_focused()
        await page.keyboard.type("Typed too")
        await press(page, "Control+Enter")
        await expect(drawer.comments).to_contain_text("Typed too")
        await press(page, "Escape")
        await expect(drawer.root).to_be_hidden()
        await expect(TicketList(page).rows.first.get_by_role("link").first).to_be_focused()

    async def test_keys_do_nothing_while_typing(self, org: OrgUnderTest, console: Console, open_page: Open):
        await console.ticket(org)
        tickets = TicketList(page := await open_page(org))
        await tickets.search.focus()
        await page.keyboard.type("c?j")
        await expect(tickets.search).to_have_value("c?j")
        await expect(page.locator("dialog[open]")).to_have_count(0)


class TestAnnouncements:
    async def test_toasts_and_the_pill_are_announced_while_the_drawer_is_open(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        """Whatever lies outside a modal dialog is inert: what speaks must be inside, and come out again."""
        ticket = await console.ticket(org, "Open")
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await expect(live(page)).to_have_text("Live")
        await drawer.field("Status").select_option(label="Waiting")
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await drawer.button("Copy link").click()
        await expect(drawer.root.get_by_role("status").filter(has_text=re.compile("copied"))).to_be_visible()
        await console.ticket(org, "Arrived meanwhile", by=COLLEAGUE)
        await expect(drawer.root.get_by_role("status").filter(has_text="1 new ticket")).to_be_attached()
        await page.keyboard.press("Escape")
        await expect(page.locator("body > #toasts, main #toasts")).to_be_attached()

    async def test_the_number_of_results_is_announced(self, orgs: Orgs, open_page: Open):
        tickets = TicketList(page := await open_page(orgs.rich))
        await tickets.search.fill("zeppelin")
        await expect(page.get_by_role("status").filter(has_text=re.compile(r"\b6\b")).first).to_be_attached()

    async def test_what_readers_get_is_what_stands_in_the_browsers_own_tree(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        """Each in a region that is neither hidden nor inert at that moment: beside the list, and in the open ticket."""
        ticket, other = [await console.ticket(org, title) for title in ("Printer on fire", "Another")]
        page = await open_page(org)

        async def hears(text: str) -> None:
            await eventually(lambda: spoken(page), lambda said: any(text in each for each in said))

        drawer = await Drawer(page).open(ticket)
        assert await spoken(page) == [], "nothing has happened yet"
        await drawer.field("Priority").select_option(label="Low")
        await hears("Saved. Priority: Low")
        await console.comment(org, ticket, "I am on it", by=COLLEAGUE)
        await hears(f"Comment by {COLLEAGUE.name}")
        await console.change(org, ticket, by=COLLEAGUE, title="Printer put out")
        await hears("Somebody else changed this ticket.")
        await drawer.send("Thank you")
        await hears("Comment sent")
        await drawer.button("Resolve").click()
        await hears("Saved. Status: Resolved")
        await page.keyboard.press("Escape")
        await hears("#1 has left this list. Undo")
        await page.keyboard.press("Control+z")
        await hears("Undone for 1 ticket.")
        await console.ticket(org, "A third", by=COLLEAGUE)
        await hears("1 new ticket")
        await TicketList(page).row(other).get_by_role("checkbox").check()
        await hears("1 selected")


async def test_reduced_motion_is_honoured(console: Console, org: OrgUnderTest, open_page: Open):
    ticket = await console.ticket(org, "Calm")
    page = await open_page(org, reduced_motion="reduce")
    await Drawer(page).open(ticket)
    moving = await page.evaluate("""() => document.getAnimations().map(each => each.effect.getComputedTiming())
        .filter(timing => timing.duration > 10 && timing.iterations !== Infinity).length""")
    assert moving == 0


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def newest(console: Console, org: OrgUnderTest) -> Any:
    answer = await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets?limit=1")
    return answer["items"][0]
