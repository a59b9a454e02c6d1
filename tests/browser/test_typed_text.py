"""What people type is kept until it is stored, and stored once: held keys, slow answers, closing, ended sessions."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import CreateDialog, Drawer, Held, slow_network, toast
from tests.browser.people import MEMBER, OrgUnderTest
from tests.browser.visitors import Guard, sign_in

pytestmark = pytest.mark.console

SEND = "Control+Enter"


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire")


async def bodies(console: Console, org: OrgUnderTest, ticket: Any) -> list[str]:
    """The texts of the stored comments."""
    path = f"/api/orgs/{org.slug}/tickets/{ticket['id']}/comments"
    return [comment["body"] for comment in (await console.as_(MEMBER, "GET", path))["items"]]


class TestOneComment:
    async def test_however_often_the_key_is_pressed(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await slow_network(page, 150)
        await drawer.composer.fill("Once only")
        for _ in range(3):
            await page.keyboard.press(SEND)
        await expect(drawer.composer).to_have_value("")
        await expect(drawer.comments).to_have_count(1)
        await page.keyboard.press(SEND)
        assert await bodies(console, org, ticket) == ["Once only"]

    async def test_also_when_its_answer_is_lost_and_the_page_reloaded(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_no_server()
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)

        async def lose(route: Route) -> None:
            await route.fetch()
            await route.abort()

        await page.route("**/comments", lose)
        await drawer.composer.fill("Once only")
        await page.keyboard.press(SEND)
        await expect(page.locator("#toasts").get_by_role("alert").first).to_be_visible()
        await page.unroute("**/comments", lose)
        await page.reload()
        await expect(drawer.composer).to_have_value("Once only")
        await page.keyboard.press("r")
        await page.keyboard.press(SEND)
        await expect(drawer.composer).to_have_value("")
        assert await bodies(console, org, ticket) == ["Once only"]


class TestComment:
    async def test_what_is_typed_while_it_is_sent_stays(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await page.route("**/comments", held := Held())
        await drawer.composer.fill("First thought.")
        await page.keyboard.press(SEND)
        await held.sent.wait()
        await page.keyboard.type(" And a second one")
        held.release.set()
        await expect(drawer.comments).to_have_count(1)
        await expect(drawer.composer).to_have_value("And a second one")
        assert await bodies(console, org, ticket) == ["First thought."]

    async def test_an_edit_that_goes_on_while_it_is_saved_stays_open(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        mine = await console.comment(org, ticket, "Draft")
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await drawer.comments.first.hover()
        await drawer.comments.first.get_by_role("button", name=re.compile("^Edit")).click()
        field = drawer.root.get_by_role("textbox", name="Edit comment")
        await page.route(f"**/comments/{mine['id']}", held := Held())
        await field.fill("Second draft")
        await page.keyboard.press(SEND)
        await held.sent.wait()
        await page.keyboard.type(" and more")
        held.release.set()
        await page.unroute(f"**/comments/{mine['id']}", held)
        await expect(field).to_have_value("Second draft and more")
        await field.press(SEND)
        await expect(drawer.comments.first).to_contain_text("Second draft and more")
        assert await bodies(console, org, ticket) == ["Second draft and more"]

    @pytest.mark.parametrize("way", ["Escape", "j"])
    async def test_leaving_the_ticket_keeps_it(self, console: Console, org: OrgUnderTest, open_page: Open, way: str):
        below, ticket = await console.ticket(org, "Below"), await console.ticket(org, "Above")
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await drawer.composer.fill("Not sent yet")
        if way == "j":
            await drawer.heading.focus()
            await page.keyboard.press("j")
            await drawer.expect_open(below["title"])
            await expect(drawer.composer).to_have_value("")
        await page.keyboard.press("Escape")
        await expect(drawer.root).to_be_hidden()
        await drawer.open(ticket)
        await expect(drawer.composer).to_have_value("Not sent yet")


class TestNewTicket:
    async def test_survives_a_session_that_has_ended(
        self, console: Console, org: OrgUnderTest, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({401})
        page = await open_page(org)
        dialog = await CreateDialog(page).open()
        await dialog.title.fill("Typed for half an hour")
        await dialog.root.get_by_label("Description").fill("With care")
        await page.context.clear_cookies()
        with suppress(PlaywrightTimeout):  # something in the background may be sent to the sign-in before
            await dialog.submit.click(timeout=5_000)
        await page.wait_for_url("**/dev/**")
        await sign_in(page, console.url, MEMBER.name)
        await page.goto(f"{console.url}/en/org/{org.slug}/support")
        await toast(page, "Continue").click()
        await expect(dialog.title).to_have_value("Typed for half an hour")
        await expect(dialog.root.get_by_label("Description")).to_have_value("With care")
        await dialog.submit.click()
        await expect(dialog.root).to_be_hidden()
        assert await console.counted(org) == 1
        await page.reload()
        await dialog.open()
        await expect(dialog.title).to_have_value("")


class TestFormAsAPage:
    """`/support/new` in a tab of its own, with scripts."""

    async def fill(self, page: Page, title: str) -> None:
        await page.get_by_label("Title").fill(title)

    async def test_leads_to_the_ticket_it_has_made(self, console: Console, org: OrgUnderTest, open_page: Open):
        page = await open_page(org, "/support/new")
        await self.fill(page, "Made on a page")
        await page.get_by_role("button", name="Create ticket").click()
        await page.wait_for_url(re.compile(r"/support/1$"))
        await Drawer(page).expect_open("Made on a page")

    async def test_with_an_error_stays_one_form(self, org: OrgUnderTest, open_page: Open):
        page = await open_page(org, "/support/new")
        await self.fill(page, "   ")
        await page.get_by_label("Description").fill("Kept")
        await page.get_by_role("button", name="Create ticket").click()
        await expect(page.get_by_label("Title")).to_have_accessible_description("Give the ticket a title.")
        await expect(page.get_by_label("Title")).to_be_focused()
        await expect(page.get_by_label("Description")).to_have_value("Kept")
        await expect(page.locator("dialog[open]")).to_have_count(0)
        doubled = "ids => ids.filter((id, at) => ids.indexOf(id) !== at)"
        assert await page.evaluate(f"({doubled})([...document.querySelectorAll('[id]')].map(({{id}}) => id))") == []

    @pytest.mark.parametrize(
        ("zone", "typed", "moment"),
        [
            ("America/New_York", "2027-06-01T10:00", "2027-06-01T14:00:00Z"),
            ("America/New_York", "2027-03-14T02:30", "2027-03-14T07:30:00Z"),
            ("Asia/Kathmandu", "2027-01-10T00:15", "2027-01-09T18:30:00Z"),
        ],
        ids=["summer", "in the hour that does not exist", "not in full hours"],
    )
    async def test_stores_the_moment_that_the_reader_means(
        self, console: Console, org: OrgUnderTest, open_page: Open, zone: str, typed: str, moment: str
    ):
        page = await open_page(org, "/support/new", timezone_id=zone)
        await self.fill(page, "Due there")
        await page.get_by_label("SLA due").fill(typed)
        await page.get_by_role("button", name="Create ticket").click()
        await page.wait_for_url(re.compile(r"/support/1$"))
        stored = await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/1")
        assert stored["sla_due_at"] == moment
