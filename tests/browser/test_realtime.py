"""Two people at once: changes arrive without moving anything, and connections come and go."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Open, Orgs
from tests.browser.console import Console
from tests.browser.pages import Drawer, TicketList, expect_stayed, live, stays
from tests.browser.people import ADMIN, COLLEAGUE, MEMBER, OrgUnderTest
from tests.browser.visitors import Guard, Visitors
from tests.support.live_stream import LiveClient
from tests.support.measurements import eventually, metric_sample

pytestmark = pytest.mark.console

LOADS = 40
WINDOWS = 4


class TestTwoBrowsers:
    async def test_a_change_in_one_appears_in_the_other_and_no_row_moves(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        made = [await console.ticket(org, f"Matter {number}") for number in range(3)]
        first = await open_page(org)
        second = await open_page(org, as_=COLLEAGUE)
        await expect(live(second)).to_have_text("Live")
        await stays(second)
        before = await TicketList(second).numbers()
        drawer = await Drawer(first).open(made[1])
        await drawer.field("Status").select_option(label="Waiting")
        await expect(TicketList(second).row(made[1])).to_contain_text("Waiting")
        assert await TicketList(second).numbers() == before
        await expect_stayed(second)

    async def test_new_tickets_wait_behind_a_pill(self, console: Console, org: OrgUnderTest, open_page: Open):
        await console.ticket(org, "Known")
        tickets = TicketList(page := await open_page(org))
        await expect(live(page)).to_have_text("Live")
        for title in ("New one", "New two"):
            await console.ticket(org, title, by=COLLEAGUE)
        pill = page.get_by_role("button", name="2 new tickets")
        await expect(pill).to_be_visible()
        await expect(tickets.rows).to_have_count(1)
        await pill.click()
        await expect(tickets.rows).to_have_count(3)
        await expect(pill).to_be_hidden()

    async def test_the_pill_counts_what_the_list_would_show(self, console: Console, org: OrgUnderTest, open_page: Open):
        await console.ticket(org, "Known")
        page = await open_page(org, "/support?priority=urgent")
        await expect(live(page)).to_have_text("Live")
        await console.ticket(org, "Not in this list", by=COLLEAGUE, priority="low")
        await console.ticket(org, "Burning", by=COLLEAGUE, priority="urgent")
        pill = page.locator("#fresh")
        await expect(pill).to_have_text("1 new ticket")
        await expect(pill).to_be_visible()
        await TicketList(page).view("All active").click()
        await expect(TicketList(page).rows).to_have_count(3)
        await expect(pill).to_be_hidden()

    async def test_a_change_between_the_page_and_its_stream_is_not_lost(
        self, console: Console, org: OrgUnderTest, visitors: Visitors
    ):
        """The stream resumes from the moment at which the page was made."""
        ticket = await console.ticket(org, "Quick one")
        page = await (await visitors.context(MEMBER)).new_page()
        release = asyncio.Event()

        async def hold(route: Route) -> None:
            await release.wait()
            await route.continue_()

        await page.route("**/support/stream*", hold)
        await page.goto(visitors.address(org))
        headers = {"Authorization": f"Bearer {await console.token(COLLEAGUE)}"}
        async with LiveClient(f"{console.url}/api/orgs/{org.slug}/events", headers) as others:
            await others.started()
            await console.change(org, ticket, by=COLLEAGUE, status="waiting")
            await others.wait_for("ticket")
        release.set()
        await expect(live(page)).to_have_text("Live")
        await expect(TicketList(page).row(ticket)).to_contain_text("Waiting")

    async def test_the_open_drawer_follows_but_never_what_is_being_typed(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        ticket = await console.ticket(org, "Watched")
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await expect(live(page)).to_have_text("Live")
        await drawer.composer.fill("I am typing this")
        await console.comment(org, ticket, "From elsewhere", by=COLLEAGUE)
        await console.change(org, ticket, by=COLLEAGUE, status="in_progress")
        await expect(drawer.comments).to_contain_text("From elsewhere")
        await expect(drawer.field("Status")).to_have_value("in_progress")
        await expect(drawer.composer).to_have_value("I am typing this")
        await console.as_(ADMIN, "DELETE", f"/api/orgs/{org.slug}/tickets/{ticket['id']}")
        await expect(drawer.root.get_by_text(re.compile("deleted|no longer exists")).first).to_be_visible()

    async def test_another_org_sees_nothing(self, console: Console, org: OrgUnderTest, orgs: Orgs, open_page: Open):
        """The foreign ticket comes second, so the first would have been seen by then."""
        await console.ticket(org, "Known here")
        page = await open_page(org)
        await expect(live(page)).to_have_text("Live")
        await console.ticket(orgs.foreign, "Not for you")
        await console.ticket(org, "For you", by=COLLEAGUE)
        await expect(page.get_by_role("button", name=re.compile(r"^\d+ new ticket"))).to_have_text(
            re.compile("1 new ticket")
        )


class TestConnections:
    async def test_every_page_load_goes_live(self, org: OrgUnderTest, console: Console, open_page: Open):
        await console.ticket(org)

        async def load(page: Page) -> None:
            for _ in range(LOADS // WINDOWS):
                await page.reload()
                await expect(live(page)).to_have_text("Live")

        pages = [await open_page(org) for _ in range(WINDOWS)]
        await asyncio.gather(*(load(page) for page in pages))

    async def test_the_server_forgets_closed_connections(self, console: Console, org: OrgUnderTest, open_page: Open):
        async def open_streams() -> float:
            return await metric_sample(
                console.session, f"{console.gateway.operations_url}/metrics", "opsdash_live_streams"
            )

        await console.ticket(org)
        await eventually(open_streams, lambda count: count == 0)
        pages = [await open_page(org) for _ in range(3)]
        for page in pages:
            await expect(live(page)).to_have_text("Live")
        assert await open_streams() == 3
        await pages[0].close()
        await pages[1].goto("about:blank")
        await eventually(open_streams, lambda count: count == 1)

    async def test_a_killed_gateway_is_said_and_what_was_missed_appears_after_it(
        self, console: Console, org: OrgUnderTest, open_page: Open, guard: Guard
    ):
        guard.expect_no_server()
        ticket: Any = await console.ticket(org, "Survivor")
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await expect(live(page)).to_have_text("Live")
        await drawer.composer.fill("Half a sentence")
        console.gateway.sigkill()
        await expect(live(page)).to_contain_text("reconnecting")
        await console.change_behind_the_gateway(org, ticket, status="waiting")
        await console.gateway.start().ready()
        await expect(live(page)).to_have_text("Live", timeout=60_000)
        await expect(drawer.field("Status")).to_have_value("waiting")
        await expect(TicketList(page).row(ticket)).to_contain_text("Waiting")
        await expect(drawer.composer).to_have_value("Half a sentence")
