"""What narrows the list: searching, filters in the address, views; and the way back through them."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Request, Route, expect

from tests.browser.conftest import ACTIVE, Open, Orgs
from tests.browser.console import Console
from tests.browser.pages import TicketList
from tests.browser.people import COLLEAGUE, COMPANIES, MEMBER, OrgUnderTest
from tests.browser.visitors import Guard, Visitors


class TestSearch:
    async def test_typing_asks_once_it_pauses(self, orgs: Orgs, open_page: Open):
        """The page's clock stands still, so that no key can come too late."""
        tickets = TicketList(page := await open_page(orgs.rich))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "q=" in request.url else None)
        await page.clock.install()
        await page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
        await tickets.search.press_sequentially("zeppelin")
        assert asked == []
        await page.clock.run_for(300)
        await page.clock.resume()
        await expect(tickets.rows).to_have_count(6)
        assert len(asked) == 1, asked
        await expect(page).to_have_url(re.compile("q=zeppelin"))

    async def test_the_last_search_wins_over_a_slower_earlier_one(self, orgs: Orgs, open_page: Open):
        tickets = TicketList(page := await open_page(orgs.rich))
        release = asyncio.Event()

        async def hold(route: Route, request: Request) -> None:
            if "q=zeppelin" in request.url:
                await release.wait()
            await route.fallback()

        await page.route("**/support?*", hold)
        async with page.expect_request(lambda request: "q=zeppelin" in request.url):
            await tickets.search.fill("zeppelin")
        await tickets.search.fill("Overdue matter")
        await expect(tickets.rows).to_have_count(4)
        release.set()
        await expect(page).to_have_url(re.compile("q=Overdue"))
        await page.unroute("**/support?*", hold)
        await expect(tickets.rows).to_have_count(4)

    async def test_a_closed_ticket_is_found_by_number_and_word_and_said_to_be_elsewhere(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        await console.ticket(org, "An open matter")
        closed = await console.ticket(org, "A matter of zeppelins", status="closed")
        tickets = TicketList(page := await open_page(org))
        for words in ("zeppelins", "#2"):
            await tickets.search.fill(words)
            await expect(tickets.rows).to_have_count(1)
            await expect(tickets.row(closed)).to_contain_text("A matter of zeppelins")
            await expect(page.get_by_text("1 match outside of “All active”")).to_be_visible()
        await page.get_by_role("link", name="Search all tickets").click()
        await expect(page).to_have_url(re.compile("view=all"))
        await tickets.expect_total(1)

    async def test_that_fails_says_so_keeps_the_address_and_is_made_when_the_line_is_back(
        self, orgs: Orgs, open_page: Open, guard: Guard
    ):
        guard.expect_no_server()
        tickets = TicketList(page := await open_page(orgs.rich))
        before = await tickets.numbers()
        await page.context.set_offline(True)
        await tickets.search.fill("zeppelin")
        await expect(page.locator("#toasts").get_by_role("alert").first).to_be_visible()
        await expect(page).to_have_url(re.compile(r"/support$"))
        assert await tickets.numbers() == before
        await expect(tickets.search).to_have_value("zeppelin")
        await page.context.set_offline(False)
        await expect(page).to_have_url(re.compile("q=zeppelin"))
        await expect(tickets.rows).not_to_have_count(len(before))
        await expect(tickets.search).to_have_value("zeppelin")


class TestToday:
    @pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Honolulu"])
    async def test_is_the_readers_day_from_the_first_visit_on(
        self, console: Console, org: OrgUnderTest, open_page: Open, zone: str
    ):
        """The two zones are a day apart, so one of the two is never in the UTC day."""
        tonight = datetime.now(ZoneInfo(zone)).replace(hour=23, minute=59, second=50, microsecond=0)
        today = await console.ticket(org, "Due today there", sla_due_at=tonight.isoformat())
        later = tonight + timedelta(minutes=1)
        await console.ticket(org, "Due tomorrow there", sla_due_at=later.isoformat())
        tickets = TicketList(page := await open_page(org, "/support?sla=today", timezone_id=zone))
        for _ in range(2):
            await expect(tickets.rows).to_have_count(1)
            await expect(tickets.row(today)).to_be_visible()
            await page.reload()


class TestFilters:
    async def test_each_filter_narrows_the_list_and_two_narrow_it_together(
        self, console: Console, orgs: Orgs, open_page: Open
    ):
        tickets = TicketList(page := await open_page(orgs.rich))
        for name, option, query in (
            ("Status", "Waiting", {"status": "waiting"}),
            ("Priority", "Low", {"priority": "low"}),
            ("Category", "Billing", {"category": "billing"}),
            ("Assignee", COLLEAGUE.name, {"assignee": str(COLLEAGUE.user_id)}),
            ("SLA", "Overdue", {"sla": "overdue"}),
        ):
            await page.goto(page.url.partition("?")[0])
            await tickets.choose(name, option)
            expected = await console.counted(orgs.rich, **({"status": ACTIVE} | query))
            await tickets.expect_total(expected)
            await expect(page.get_by_role("button", name=re.compile(rf"^{name}\D*1"))).to_be_visible()
        await page.goto(page.url.partition("?")[0])
        await tickets.choose("Status", "Open", "Waiting")
        await tickets.choose("Priority", "Urgent")
        await tickets.expect_total(await console.counted(orgs.rich, status="open,waiting", priority="urgent"))

    async def test_a_reload_and_a_shared_address_give_the_same_list(
        self, orgs: Orgs, open_page: Open, visitors: Visitors
    ):
        tickets = TicketList(page := await open_page(orgs.rich))
        await tickets.choose("Priority", "Urgent")
        await expect(page).to_have_url(re.compile("priority=urgent"))
        await tickets.sort_by("SLA due")
        await expect(tickets.header("SLA due")).to_have_attribute("aria-sort", "ascending")
        await expect(page).to_have_url(re.compile("priority=urgent"))
        before = await tickets.numbers()
        await page.reload()
        assert await tickets.numbers() == before
        shared = await (await visitors.context(COLLEAGUE)).new_page()
        await shared.goto(page.url)
        assert await TicketList(shared).numbers() == before

    async def test_a_header_sorts_what_was_just_filtered_though_its_rows_are_not_there_yet(
        self, orgs: Orgs, open_page: Open
    ):
        tickets = TicketList(page := await open_page(orgs.rich))
        release = asyncio.Event()

        async def hold(route: Route, request: Request) -> None:
            await release.wait()
            await route.fallback()

        await page.route("**/support?*", hold)
        async with page.expect_request(lambda request: "priority=urgent" in request.url):
            await tickets.choose("Priority", "Urgent")
        async with page.expect_request(lambda request: "sort=sla_due_at" in request.url) as sorting:
            await tickets.header("SLA due").get_by_role("link").click()
        assert "priority=urgent" in (await sorting.value).url
        async with page.expect_download() as download:
            await page.get_by_role("link", name="CSV").click()
        assert "priority=urgent" in (await download.value).url
        release.set()
        await expect(tickets.header("SLA due")).to_have_attribute("aria-sort", "ascending")
        await expect(page.get_by_role("button", name=re.compile(r"^Priority\D*1"))).to_be_visible()
        await page.unroute("**/support?*", hold)

    async def test_unknown_values_in_the_address_are_ignored(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.rich, "/support?status=nonsense&colour=blue&sort=shoe_size")
        assert await TicketList(page).rows.count() > 0
        await expect(page.get_by_text(re.compile("left out: colour, sort=shoe_size, status=nonsense"))).to_be_visible()

    async def test_an_address_of_a_company_shows_its_tickets_until_it_is_removed(
        self, console: Console, orgs: Orgs, open_page: Open
    ):
        company = orgs.rich.known("company", COMPANIES[0])
        tickets = TicketList(page := await open_page(orgs.rich, f"/support?company={company}"))
        expected = await console.counted(orgs.rich, status=ACTIVE, company=company)
        await tickets.expect_total(expected)
        await tickets.choose("Priority", "Urgent")
        await tickets.expect_total(await console.counted(orgs.rich, status=ACTIVE, company=company, priority="urgent"))
        await page.get_by_role("link", name=f"Company: {COMPANIES[0]}").click()
        await tickets.expect_total(await console.counted(orgs.rich, status=ACTIVE, priority="urgent"))

    async def test_clear_brings_everything_back(self, orgs: Orgs, open_page: Open):
        tickets = TicketList(page := await open_page(orgs.rich))
        before = await tickets.numbers()
        await tickets.search.fill("zeppelin")
        await tickets.choose("Priority", "Urgent")
        await expect(page).to_have_url(re.compile("priority=urgent"))
        await page.get_by_role("button", name="Clear").or_(page.get_by_role("link", name="Clear")).first.click()
        await expect(tickets.search).to_have_value("")
        await expect(tickets.rows).to_have_count(len(before))
        assert await tickets.numbers() == before


class TestViews:
    async def test_each_view_counts_what_it_shows(self, console: Console, orgs: Orgs, open_page: Open):
        tickets = TicketList(await open_page(orgs.rich))
        for view, query in (
            ("Assigned to me", {"status": ACTIVE, "assignee": str(MEMBER.user_id)}),
            ("Unassigned", {"status": ACTIVE, "assignee": "none"}),
            ("SLA breached", {"sla": "overdue"}),
            ("Resolved & closed", {"status": "resolved,closed"}),
            ("All active", {"status": ACTIVE}),
        ):
            expected = await console.counted(orgs.rich, **query)
            await tickets.view(view).click()
            await expect(tickets.view(view)).to_have_attribute("aria-current", "true")
            await tickets.expect_total(expected)
            assert await tickets.count_of(view) == expected

    async def test_back_and_forward_lead_through_the_views(self, orgs: Orgs, open_page: Open):
        tickets = TicketList(page := await open_page(orgs.rich))
        await tickets.view("Unassigned").click()
        await tickets.view("Resolved & closed").click()
        for step, view in ((page.go_back, "Unassigned"), (page.go_back, "All active"), (page.go_forward, "Unassigned")):
            await step()
            await expect(tickets.view(view)).to_have_attribute("aria-current", "true")
            await expect(page.get_by_role("navigation", name="Views").locator("[aria-current]")).to_have_count(1)
            await tickets.expect_total(await tickets.count_of(view))

    async def test_a_filter_that_is_faster_than_its_view_combines_too(
        self, console: Console, orgs: Orgs, open_page: Open
    ):
        """The view's answer is held back until a filter was ticked in the form that is still the old one."""
        tickets = TicketList(page := await open_page(orgs.rich))
        release = asyncio.Event()

        async def hold(route: Route) -> None:
            await release.wait()
            await route.fallback()

        await page.route(re.compile(r"/support\?view=done$"), hold)
        await tickets.view("Resolved & closed").click()
        await tickets.choose("Priority", "Low")
        release.set()
        await tickets.expect_total(await console.counted(orgs.rich, status="resolved,closed", priority="low"))
        await expect(page).to_have_url(re.compile("priority=low.*view=done"))

    async def test_a_view_and_a_filter_combine(self, console: Console, orgs: Orgs, open_page: Open):
        tickets = TicketList(await open_page(orgs.rich))
        await tickets.view("Resolved & closed").click()
        await tickets.expect_total(await tickets.count_of("Resolved & closed"))
        await tickets.choose("Priority", "Low")
        await tickets.expect_total(await console.counted(orgs.rich, status="resolved,closed", priority="low"))
