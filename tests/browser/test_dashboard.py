"""The dashboard's Insights card agrees with the list and follows the breach check."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import BREACHED, Open, Orgs
from tests.browser.console import Console
from tests.browser.pages import Drawer, TicketList, expect_stayed, stays
from tests.browser.people import OrgUnderTest

pytestmark = pytest.mark.console


def tile(page: Page, name: str) -> Locator:
    return page.get_by_role("main").get_by_role("link", name=re.compile(name))


async def test_the_tiles_count_what_their_lists_show(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.rich, "/dashboard")
    for name in ("SLA breached", "Unassigned", "Active"):
        number = re.search(r"\d+", await tile(page, name).first.inner_text())
        assert number
        await tile(page, name).first.click()
        await TicketList(page).expect_total(int(number[0]))
        await page.go_back()
    await expect(tile(page, "SLA breached").first).to_contain_text(str(BREACHED))


async def test_the_most_overdue_open_their_ticket(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.rich, "/dashboard")
    await expect(tile(page, "Overdue matter")).to_have_count(BREACHED)
    await tile(page, "Overdue matter 1").click()
    await Drawer(page).expect_open("Overdue matter 1")


async def test_active_tickets_are_shown_by_priority(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.rich, "/dashboard")
    meters = page.get_by_role("meter")
    await expect(meters).to_have_count(4)
    counts = await meters.evaluate_all("meters => meters.map(meter => meter.value)")
    active = re.search(r"\d+", await tile(page, "Active").first.inner_text())
    assert active
    assert sum(counts) == int(active[0])


async def test_a_breach_shows_without_a_reload(console: Console, org: OrgUnderTest, open_page: Open):
    ticket = await console.ticket(org, "Soon too late")
    page = await open_page(org, "/dashboard")
    await expect(page.get_by_text(re.compile("No breached SLAs"))).to_be_visible()
    await stays(page)
    await console.change(org, ticket, sla_due_at=(datetime.now(UTC) + timedelta(seconds=3)).isoformat())
    await expect(tile(page, "Soon too late")).to_be_visible()
    await expect(tile(page, "SLA breached").first).to_contain_text("1")
    await expect_stayed(page)


async def test_nothing_breached_is_good_news(orgs: Orgs, open_page: Open):
    page = await open_page(orgs.empty, "/dashboard")
    await expect(page.get_by_text(re.compile("No breached SLAs"))).to_be_visible()
    await expect(tile(page, "SLA breached").first).to_contain_text("0")
