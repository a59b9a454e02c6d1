"""The list: what a row says, sorting, loading more, changing several at once."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import ACTIVE, Open, Orgs
from tests.browser.console import Console
from tests.browser.pages import Drawer, TicketList, toast
from tests.browser.people import COLLEAGUE, MEMBER, OrgUnderTest
from tests.browser.visitors import Guard, Visitors

TELL = """data => document.dispatchEvent(new CustomEvent("opsdash:signal", { detail: { event: "ticket", data } }))"""


async def order(console: Console, orgs: Orgs, query: str) -> list[int]:
    """The numbers of the first page of active tickets as the API orders them."""
    answer = await console.as_(MEMBER, "GET", f"/api/orgs/{orgs.rich.slug}/tickets?status={ACTIVE}&{query}")
    return [item["number"] for item in answer["items"]]


class TestRows:
    async def test_a_row_shows_every_fact_of_its_ticket(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.ticket(
            org, "Printer on fire", priority="high", category="billing", assignee_id=str(COLLEAGUE.user_id),
            contact_id=org.known("contact", "Elena Petrova"),
        )  # fmt: skip
        await console.comment(org, ticket, "Bring water")
        await console.counted_comments(org, ticket, 1)
        row = TicketList(await open_page(org)).row(ticket)
        for fact in ("Printer on fire", "#1", "Elena Petrova", "Halcyon Labs", "Open", "High", "Billing"):
            await expect(row).to_contain_text(fact)
        await expect(row).to_contain_text(re.compile(r"in (23|24) hr|in 1 day|tomorrow"))
        await expect(
            row.get_by_title(re.compile(COLLEAGUE.name)).or_(row.get_by_text(COLLEAGUE.name)).first
        ).to_be_visible()
        await expect(row.locator(f"time[datetime^='{ticket['created_at'][:16]}']").first).to_be_attached()
        await expect(row.get_by_text("1 comment")).to_be_attached()

    async def test_the_newest_ticket_comes_first(self, console: Console, orgs: Orgs, open_page: Open):
        found = await TicketList(await open_page(orgs.rich)).numbers()
        assert found == sorted(found, reverse=True)
        assert found[:20] == (await order(console, orgs, "sort=-created_at"))[:20]

    async def test_headers_sort_by_due_time_and_priority_and_say_so(
        self, console: Console, orgs: Orgs, open_page: Open
    ):
        tickets = TicketList(page := await open_page(orgs.rich))
        for column, field in (("SLA due", "sla_due_at"), ("Priority", "priority")):
            await tickets.sort_by(column)
            await expect(tickets.header(column)).to_have_attribute("aria-sort", re.compile("ascending|descending"))
            await expect(page).to_have_url(re.compile(rf"sort=-?{field}"))
            sort = re.search(r"sort=(-?\w+)", page.url)
            assert sort
            assert (await tickets.numbers())[:20] == (await order(console, orgs, f"sort={sort[1]}"))[:20]

    @pytest.mark.parametrize("locale", ["en", "es"])
    async def test_due_times_read_the_same_before_and_after_the_scripts(
        self, orgs: Orgs, visitors: Visitors, locale: str
    ):
        """Those of medium priority are days away: nothing about them changes from one page to the next."""
        read = []
        for scripts in (False, True):
            page = await visitors.open(
                orgs.rich, "/support?priority=medium", MEMBER, locale=locale, java_script_enabled=scripts
            )
            read.append(await page.locator("tr[data-ticket] .sla").all_inner_texts())
        assert read[0] == read[1]
        assert any("3" in text for text in read[0])


class TestLoadMore:
    async def test_all_tickets_come_once_and_focus_goes_to_the_first_new_row(
        self, console: Console, orgs: Orgs, open_page: Open
    ):
        active = await order(console, orgs, "sort=-created_at&limit=100")
        tickets = TicketList(page := await open_page(orgs.rich))
        shown = await tickets.rows.count()
        while await tickets.more.is_visible():
            await tickets.more.click()
            await expect(tickets.rows.nth(shown).get_by_role("link").first).to_be_focused()
            shown = await tickets.rows.count()
        assert await tickets.numbers() == active
        await tickets.expect_total(len(active))
        await expect(page.get_by_role("status").filter(has_text=f"Showing {shown} of {shown}")).to_be_attached()

    async def test_tickets_created_between_pages_are_neither_lost_nor_doubled(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        early = [await console.ticket(org, f"Early {number}") for number in range(28)]
        tickets = TicketList(page := await open_page(org))
        shown = await tickets.rows.count()
        # The stream may tell of tickets that the list had when it was loaded, also of those beyond its first page.
        for ticket in early:
            await page.evaluate(TELL, {"id": ticket["id"], "number": ticket["number"], "kind": "created", "version": 1})
        for number in range(2):
            await console.ticket(org, f"Late {number}")
        await expect(page.get_by_text("2 new tickets").first).to_be_visible()
        await tickets.more.click()
        await expect(tickets.rows.nth(shown)).to_be_attached()
        numbers = await tickets.numbers()
        assert len(numbers) == len(set(numbers))
        assert set(range(1, 29)) <= set(numbers)

    async def test_an_old_cursor_starts_from_the_top_and_says_so(self, orgs: Orgs, open_page: Open, guard: Guard):
        guard.expect_statuses({409})
        tickets = TicketList(page := await open_page(orgs.rich))

        async def age(route: Route) -> None:
            await route.continue_(url=route.request.url.replace("cursor=", "cursor=old"))

        await page.route("**/support/rows?*", age)
        await tickets.more.click()
        await expect(toast(page, "The list has changed, so it starts from the top again.")).to_be_visible()
        await expect(tickets.rows.first).to_be_in_viewport()
        await page.unroute_all()
        await tickets.more.click()
        await expect(tickets.rows.nth(25).get_by_role("link").first).to_be_focused()


class TestSelection:
    async def test_a_range_is_chosen_and_changed_at_once(self, console: Console, org: OrgUnderTest, open_page: Open):
        made = [await console.ticket(org, f"Matter {number}") for number in range(4)]
        tickets = TicketList(page := await open_page(org))
        boxes = tickets.rows.get_by_role("checkbox")
        await boxes.nth(0).click()
        await boxes.nth(2).click(modifiers=["Shift"])
        bar = page.get_by_role("form", name="Change the selected tickets")
        await expect(bar).to_contain_text("3 selected")
        await bar.get_by_role("button", name="Priority").click()
        await page.locator(":popover-open").get_by_role("button", name="Urgent").click()
        await expect(toast(page, "3 tickets changed.")).to_be_visible()
        await expect(bar).to_be_hidden()
        for ticket, priority in zip(made, ("Medium", "Urgent", "Urgent", "Urgent"), strict=True):
            await expect(tickets.row(ticket)).to_contain_text(priority)


async def test_a_middle_click_opens_the_ticket_in_a_tab_of_its_own(
    console: Console, org: OrgUnderTest, open_page: Open
):
    ticket = await console.ticket(org, "Open me aside")
    page = await open_page(org)
    async with page.context.expect_page() as opened:
        await TicketList(page).link(ticket).click(button="middle")
    tab: Page = await opened.value
    await expect(tab).to_have_url(re.compile(rf"/support/{ticket['number']}$"))
    await Drawer(tab).expect_open("Open me aside")
    await expect(page).to_have_url(re.compile(r"/support$"))
