"""What one's own change takes out of a list can be taken back for a while: by the toast's button, or by Ctrl+Z."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, TicketList, toast
from tests.browser.people import COLLEAGUE, MEMBER, OrgUnderTest
from tests.browser.visitors import Guard

pytestmark = pytest.mark.console

THREE = ("First", "Second", "Third")
Tickets = list[Any]


@pytest.fixture
async def tickets(console: Console, org: OrgUnderTest) -> Tickets:
    """The second is in progress; the list has the last one on top."""
    return [
        await console.ticket(org, title, status="in_progress" if title == "Second" else "open", priority="high")
        for title in THREE
    ]


def undo(page: Page) -> Any:
    return page.locator("#toasts").get_by_role("button", name="Undo")


async def statuses(console: Console, org: OrgUnderTest) -> list[str]:
    found = await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets?sort=created_at")
    return [ticket["status"] for ticket in found["items"]]


async def resolve(page: Page, ticket: Any) -> None:
    drawer = await Drawer(page).open(ticket)
    await drawer.button("Resolve").click()
    await expect(drawer.button("Reopen")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(TicketList(page).row(ticket)).to_have_count(0)


async def close_together(page: Page, tickets: Tickets) -> None:
    for each in tickets:
        await TicketList(page).row(each).get_by_role("checkbox").check()
    await page.locator("#bulk").get_by_role("button", name="Status").click()
    await page.locator(":popover-open").get_by_role("button", name="Closed").click()
    for each in tickets:
        await expect(TicketList(page).row(each)).to_have_count(0)


@pytest.mark.parametrize("way", ["button", "key", "button by keyboard"])
async def test_a_finished_ticket_comes_back_as_it_was_and_where_it_was(
    console: Console, org: OrgUnderTest, tickets: Tickets, open_page: Open, way: str
):
    queue = TicketList(page := await open_page(org))
    _, second, _ = tickets
    await resolve(page, second)
    told = page.locator("#toasts").get_by_role("status").filter(has_text="#2 has left this list.")
    await expect(told).to_be_visible()
    if way == "button":
        await undo(page).click()
    elif way == "key":
        await page.keyboard.press("Control+z")
    else:
        await undo(page).focus()
        await page.keyboard.press("Enter")
    await expect(queue.row(second)).to_contain_text("In progress")
    await expect(queue.link(second)).to_be_focused()
    await expect(toast(page, "Undone for 1 ticket.")).to_be_visible()
    assert await queue.numbers() == [3, 2, 1]
    await expect(queue.row(second)).not_to_have_class(re.compile("gone"))
    assert await queue.count_of("All active") == 3
    assert await statuses(console, org) == ["open", "in_progress", "open"]


async def test_several_come_back_together(console: Console, org: OrgUnderTest, tickets: Tickets, open_page: Open):
    queue = TicketList(page := await open_page(org))
    await close_together(page, tickets[:2])
    assert await statuses(console, org) == ["closed", "closed", "open"]
    await undo(page).click()
    await expect(toast(page, "Undone for 2 tickets.")).to_be_visible()
    assert await queue.numbers() == [3, 2, 1]
    assert await statuses(console, org) == ["open", "in_progress", "open"]


async def test_the_last_of_a_list_comes_back(console: Console, org: OrgUnderTest, tickets: Tickets, open_page: Open):
    """There is no table any more to put the rows into."""
    queue = TicketList(page := await open_page(org))
    await close_together(page, tickets)
    await expect(page.locator("#board table")).to_have_count(0)
    await undo(page).click()
    await expect(queue.rows).to_have_count(3)
    assert await statuses(console, org) == ["open", "in_progress", "open"]


async def test_the_one_that_was_searched_for_comes_back_from_outside_of_the_view(
    org: OrgUnderTest, tickets: Tickets, open_page: Open
):
    queue = TicketList(page := await open_page(org, "/support?q=third"))
    outside = page.get_by_text("1 match outside of")
    drawer = await Drawer(page).open(tickets[2])
    await drawer.button("Resolve").click()
    await expect(drawer.button("Reopen")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(outside).to_be_visible()
    await page.keyboard.press("Control+z")
    await expect(outside).to_have_count(0)
    await expect(queue.row(tickets[2])).to_contain_text("Open")


async def test_another_list_gets_no_foreign_row(console: Console, org: OrgUnderTest, tickets: Tickets, open_page: Open):
    queue = TicketList(page := await open_page(org))
    await resolve(page, tickets[0])
    await queue.view("Resolved & closed").click()
    await expect(queue.rows).to_have_count(1)
    await undo(page).click()
    await expect(queue.rows).to_have_count(0)
    assert await statuses(console, org) == ["open", "in_progress", "open"]


async def test_what_somebody_else_has_changed_since_stays(
    console: Console, org: OrgUnderTest, tickets: Tickets, open_page: Open
):
    """A change of something else is no obstacle."""
    queue = TicketList(page := await open_page(org))
    first, second, _ = tickets
    await close_together(page, [first, second])
    await console.change(org, first, by=COLLEAGUE, title="Renamed")
    await console.change(org, second, by=COLLEAGUE, status="open")
    await undo(page).click()
    told = "Undone for 1 ticket. 1 ticket could not be put back: it has changed since."
    await expect(toast(page, told)).to_be_visible()
    await expect(queue.row(first)).to_contain_text("Renamed")
    assert await statuses(console, org) == ["open", "open", "open"]


async def test_one_that_did_not_get_through_can_be_tried_again(
    console: Console, org: OrgUnderTest, tickets: Tickets, open_page: Open, guard: Guard
):
    guard.expect_no_server()
    queue = TicketList(page := await open_page(org))
    await resolve(page, tickets[0])
    await page.route("**/support/undo", lambda route: route.abort())
    await undo(page).click()
    again = page.locator("#toasts").get_by_role("button", name="Try again")
    await expect(again).to_be_visible()
    await expect(queue.row(tickets[0])).to_have_count(0)
    await page.unroute("**/support/undo")
    await again.click()
    await expect(queue.row(tickets[0])).to_contain_text("Open")
    assert await statuses(console, org) == ["open", "in_progress", "open"]


async def test_an_assignee_is_given_back(console: Console, org: OrgUnderTest, open_page: Open):
    """The row left the list of one's own tickets."""
    mine = await console.ticket(org, "Mine", assignee_id=str(MEMBER.user_id))
    page = await open_page(org, "/support?view=mine")
    drawer = await Drawer(page).open(mine)
    await drawer.field("Assignee").select_option(label=COLLEAGUE.name)
    await expect(page.locator("#live")).to_have_text(f"Saved. Assignee: {COLLEAGUE.name}")
    await drawer.field("Priority").select_option(label="Low")
    await expect(page.locator("#live")).to_have_text("Saved. Priority: Low")
    await page.keyboard.press("Escape")
    await undo(page).click()
    await expect(TicketList(page).row(mine)).to_contain_text(MEMBER.name)
    stored = await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/1")
    assert stored["assignee"]["name"] == MEMBER.name


async def test_the_key_is_the_fields_own_while_typing(org: OrgUnderTest, tickets: Tickets, open_page: Open):
    queue = TicketList(page := await open_page(org))
    await resolve(page, tickets[0])
    await queue.search.focus()
    await page.keyboard.press("Control+z")
    await expect(undo(page)).to_be_visible()
    await expect(queue.row(tickets[0])).to_have_count(0)
