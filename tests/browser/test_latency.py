"""What races, with short and long ways to the server: nothing done or typed is lost, and the last of it is shown."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, TicketList, rendered_choice, slow_network
from tests.browser.people import COLLEAGUE, MEMBER, OrgUnderTest

pytestmark = pytest.mark.console

Slow = Callable[[], Awaitable[Page]]


@pytest.fixture
async def tickets(console: Console, org: OrgUnderTest) -> list[Any]:
    return [await console.ticket(org, title) for title in ("Alpaca", "Albatross", "Bison")]


@pytest.fixture(params=[0, 150, 500], ids=lambda milliseconds: f"{milliseconds} ms")
def slow(request: pytest.FixtureRequest, org: OrgUnderTest, tickets: list[Any], open_page: Open) -> Slow:
    """Opens the list of the three; from then on every answer takes that long."""

    async def opened() -> Page:
        page = await open_page(org)
        await expect(TicketList(page).rows).to_have_count(len(tickets))
        await slow_network(page, request.param)
        return page

    return opened


async def stored(console: Console, org: OrgUnderTest, ticket: Any) -> Any:
    return await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/{ticket['id']}")


async def test_two_changes_and_a_third_without_a_pause(
    console: Console, org: OrgUnderTest, tickets: list[Any], slow: Slow
):
    drawer = await Drawer(page := await slow()).open(tickets[0])
    await drawer.field("Status").select_option(label="Waiting")
    await drawer.field("Priority").select_option(label="Low")
    await drawer.button("Resolve").click()
    await expect(drawer.button("Reopen")).to_be_visible()
    await expect(rendered_choice(drawer.field("Status"))).to_have_text("Resolved")
    await expect(rendered_choice(drawer.field("Priority"))).to_have_text("Low")
    await expect(page.locator("#toasts").get_by_role("alert")).to_have_count(0)
    now = await stored(console, org, tickets[0])
    assert (now["status"], now["priority"]) == ("resolved", "low")


async def test_typing_while_somebody_else_changes_the_ticket(
    console: Console, org: OrgUnderTest, tickets: list[Any], slow: Slow
):
    drawer = await Drawer(await slow()).open(tickets[0])
    await drawer.composer.press_sequentially("One thought ")
    await console.change(org, tickets[0], by=COLLEAGUE, priority="urgent", title="Llama")
    await drawer.composer.press_sequentially("and another, ", delay=20)
    await expect(drawer.heading).to_have_text("Llama")
    await drawer.composer.press_sequentially("and a third")
    await expect(rendered_choice(drawer.field("Priority"))).to_have_text("Urgent")
    await expect(drawer.composer).to_have_value("One thought and another, and a third")
    await expect(drawer.composer).to_be_focused()


async def test_words_of_a_search_typed_with_pauses(slow: Slow):
    """Each pause is long enough for a request of its own."""
    queue = TicketList(page := await slow())
    for words in ("al", "alba", "bison"):
        await queue.search.fill(words)
        await page.wait_for_url(re.compile(rf"q={words}$"))
    await expect(queue.rows).to_have_count(1)
    await expect(queue.rows).to_contain_text("Bison")
    await page.go_back()
    await expect(queue.search).to_have_value("alba")
    await expect(queue.rows).to_contain_text("Albatross")


async def test_another_ticket_while_the_first_one_still_loads(tickets: list[Any], slow: Slow):
    drawer = await Drawer(page := await slow()).open(tickets[2])
    for key in "jjk":
        await page.keyboard.press(key)
    await drawer.expect_open(tickets[1]["title"])
    await expect(page).to_have_url(re.compile(rf"/support/{tickets[1]['number']}$"))
    await page.keyboard.press("Escape")
    await expect(drawer.root).to_be_hidden()
    await expect(page).to_have_url(re.compile(r"/support$"))


async def test_a_finished_ticket_and_its_undo(console: Console, org: OrgUnderTest, tickets: list[Any], slow: Slow):
    drawer = await Drawer(page := await slow()).open(tickets[1])
    await drawer.button("Resolve").click()
    await page.keyboard.press("Escape")
    row = TicketList(page).row(tickets[1])
    await expect(row).to_have_count(0)
    await page.keyboard.press("Control+z")
    await expect(row).to_contain_text("Open")
    assert await TicketList(page).numbers() == [3, 2, 1]
    assert (await stored(console, org, tickets[1]))["status"] == "open"
