"""The open ticket: ways in and out, edits that reach the row, conflicts, deletion."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, TicketList, expect_stayed, stays, toast
from tests.browser.people import ADMIN, COLLEAGUE, MEMBER, OrgUnderTest
from tests.browser.visitors import Guard, Visitors


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire", description="It **burns**.", priority="high")


def is_change(url: str) -> bool:
    """A save of ticket 1 from its drawer has its own address; the stream and the list have others."""
    return url.endswith("/support/1")


async def fresh(console: Console, org: OrgUnderTest, ticket: Any) -> Any:
    return await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/{ticket['id']}")


class TestOpening:
    async def test_a_click_opens_it_over_the_list_with_its_own_address(
        self, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        page = await open_page(org)
        await stays(page)
        drawer = await Drawer(page).open(ticket)
        await expect(page).to_have_url(re.compile(r"/support/1$"))
        await expect(drawer.heading).to_be_focused()
        await expect(drawer.root.locator("strong")).to_have_text("burns")
        await expect_stayed(page)

    @pytest.mark.parametrize("way", ["Escape", "backdrop", "button", "back"])
    async def test_every_way_out_closes_it_and_returns_to_the_row(
        self, org: OrgUnderTest, ticket: Any, open_page: Open, way: str
    ):
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        if way == "Escape":
            await page.keyboard.press("Escape")
        elif way == "backdrop":
            await page.mouse.click(40, 400)
        elif way == "button":
            await drawer.close.click()
        else:
            await page.go_back()
        await expect(drawer.root).to_be_hidden()
        await expect(page).to_have_url(re.compile(r"/support$"))
        await expect(TicketList(page).link(ticket)).to_be_focused()

    async def test_forward_opens_it_again(self, org: OrgUnderTest, ticket: Any, open_page: Open):
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await page.go_back()
        await expect(drawer.root).to_be_hidden()
        await page.go_forward()
        await drawer.expect_open(ticket["title"])

    async def test_its_address_opens_the_list_with_the_ticket(self, org: OrgUnderTest, ticket: Any, open_page: Open):
        page = await open_page(org, "/support/1")
        await Drawer(page).expect_open(ticket["title"])
        await page.keyboard.press("Escape")
        await expect(TicketList(page).row(ticket)).to_be_visible()
        await expect(page).to_have_url(re.compile(r"/support$"))

    async def test_its_address_works_without_scripts(self, org: OrgUnderTest, ticket: Any, visitors: Visitors):
        page = await visitors.open(org, "/support/1", MEMBER, java_script_enabled=False)
        await Drawer(page).expect_open(ticket["title"])

    async def test_keys_walk_through_the_loaded_rows(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        newer = await console.ticket(org, "Second matter")
        page = await open_page(org)
        drawer = await Drawer(page).open(newer)
        await page.keyboard.press("j")
        await drawer.expect_open(ticket["title"])
        await expect(page).to_have_url(re.compile(r"/support/1$"))
        await page.keyboard.press("k")
        await drawer.expect_open(newer["title"])
        await page.go_back()
        await expect(drawer.root).to_be_hidden()

    async def test_steps_go_on_from_the_one_that_is_coming(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        newer = [await console.ticket(org, title) for title in ("Second matter", "Third matter")]
        page = await open_page(org)
        drawer = await Drawer(page).open(newer[1])
        release = asyncio.Event()

        async def hold(route: Route) -> None:
            await release.wait()
            await route.fallback()

        await page.route(re.compile(r"/support/\d+$"), hold)
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        release.set()
        await drawer.expect_open(ticket["title"])

    async def test_closed_while_the_next_one_loads_it_stays_closed(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        newer = await console.ticket(org, "Second matter")
        page = await open_page(org)
        release = asyncio.Event()

        async def hold(route: Route) -> None:
            await release.wait()
            await route.fallback()

        await page.route(is_change, hold)
        drawer = await Drawer(page).open(newer)
        async with page.expect_response(lambda response: is_change(response.url)):
            async with page.expect_request(lambda request: is_change(request.url)):
                await page.keyboard.press("j")
            await page.keyboard.press("Escape")
            await expect(drawer.root).to_be_hidden()
            release.set()
        await page.unroute(is_change, hold)
        await drawer.open(newer)  # what came late would have been shown before this
        await page.go_back()
        await expect(page).to_have_url(re.compile(r"/support$"))
        await expect(drawer.root).to_be_hidden()

    async def test_a_click_anywhere_in_the_row_opens_that_ticket(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        await console.ticket(org, "Second matter")
        page = await open_page(org)
        row = TicketList(page).row(ticket)
        for cell in (".c-status", ".c-created", ".c-title"):
            await row.locator(cell).click()
            await Drawer(page).expect_open(ticket["title"])
            await page.keyboard.press("Escape")
            await expect(Drawer(page).root).to_be_hidden()

    async def test_tab_never_reaches_the_page_behind(self, org: OrgUnderTest, ticket: Any, open_page: Open):
        page = await open_page(org)
        await Drawer(page).open(ticket)
        for _ in range(40):
            await page.keyboard.press("Tab")
            assert await page.evaluate(
                "document.activeElement === document.body || document.activeElement.closest('#drawer') !== null"
            )


class TestEditing:
    async def test_a_new_status_is_stored_and_shown_in_the_row(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await drawer.field("Status").select_option(label="In progress")
        await expect(TicketList(page).row(ticket)).to_contain_text("In progress")
        assert (await fresh(console, org, ticket))["status"] == "in_progress"

    async def test_a_new_priority_leaves_the_due_time_and_says_so_once(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await drawer.field("Priority").select_option(label="Urgent")
        await expect(TicketList(page).row(ticket)).to_contain_text("Urgent")
        hint = drawer.root.get_by_role("status").filter(has_text="The due time stays as it is")
        await expect(hint).to_be_visible()
        now = await fresh(console, org, ticket)
        assert (now["priority"], now["sla_due_at"]) == ("urgent", ticket["sla_due_at"])
        await page.reload()
        await drawer.field("Priority").select_option(label="Low")
        await expect(TicketList(page).row(ticket)).to_contain_text("Low")
        await expect(hint).to_be_hidden()

    async def test_resolving_takes_it_off_the_breached_ones(self, console: Console, org: OrgUnderTest, open_page: Open):
        late = await console.overdue_ticket(org, "Too late")
        tickets = TicketList(page := await open_page(org, "/support?view=breached"))
        drawer = await Drawer(page).open(late)
        await drawer.button("Resolve").click()
        await expect(drawer.button("Reopen")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(tickets.view("SLA breached")).not_to_contain_text("1")
        await page.reload()
        await expect(page.get_by_text("No breached SLAs")).to_be_visible()

    async def test_a_stale_text_stays_typed_and_can_be_saved_then(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({412})
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await drawer.button("More actions").click()
        await drawer.root.get_by_text("Edit title and description").click()
        form = page.get_by_role("dialog", name=re.compile("^Edit ticket"))
        await form.get_by_label("Title").fill("Printer put out")
        await console.change(org, ticket, by=COLLEAGUE, title="Printer rescued")
        await form.get_by_role("button", name="Save").click()
        await expect(toast(page, re.compile(COLLEAGUE.name))).to_be_visible()
        await expect(form.get_by_label("Title")).to_have_value("Printer put out")
        await form.get_by_role("button", name="Save").click()
        await expect(drawer.heading).to_have_text("Printer put out")
        await expect(form).to_be_hidden()
        assert (await fresh(console, org, ticket))["title"] == "Printer put out"


class TestDeleting:
    async def test_it_asks_first_and_can_be_undone(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        await console.ticket(org, "Stays")
        tickets = TicketList(page := await open_page(org, as_=ADMIN))
        await delete(page, ticket, confirmed=False)
        assert await console.counted(org) == 2
        await page.keyboard.press("Escape")
        await delete(page, ticket, confirmed=True)
        await expect(Drawer(page).root).to_be_hidden()
        await expect(tickets.row(ticket)).to_have_count(0)
        await page.locator("#toasts").get_by_role("button", name="Undo").hover()  # it stays as long as it is pointed at
        assert await console.counted(org) == 1
        await page.locator("#toasts").get_by_role("button", name="Undo").click()
        await expect(tickets.row(ticket)).to_be_visible()
        assert await console.counted(org) == 2

    async def test_an_only_ticket_leaves_the_empty_page_and_comes_back(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        tickets = TicketList(page := await open_page(org, as_=ADMIN))
        await delete(page, ticket, confirmed=True)
        await expect(page.get_by_role("heading", name="Your support queue starts here")).to_be_visible()
        await page.locator("#toasts").get_by_role("button", name="Undo").click()
        await expect(tickets.row(ticket)).to_be_visible()
        await expect(page.get_by_role("heading", name="Your support queue starts here")).to_have_count(0)

    async def test_members_have_no_way_to_delete(self, org: OrgUnderTest, ticket: Any, open_page: Open):
        drawer = await Drawer(await open_page(org)).open(ticket)
        await drawer.button("More actions").click()
        await expect(drawer.root.get_by_text(re.compile("Delete ticket"))).to_have_count(0)


async def delete(page: Page, ticket: Any, *, confirmed: bool) -> None:
    drawer = await Drawer(page).open(ticket)
    await drawer.button("More actions").click()
    await drawer.root.get_by_text(re.compile("Delete ticket")).click()
    dialog = page.get_by_role("dialog", name=re.compile("^Delete ticket"))
    await dialog.get_by_role("button", name="Delete ticket" if confirmed else "Cancel").click()
