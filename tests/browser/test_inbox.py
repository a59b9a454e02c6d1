"""What people were told: the bell, the inbox and its keys, watching and muting, and who was told."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, expect_stayed, live, stays
from tests.browser.people import COLLEAGUE, MEMBER, OrgUnderTest, Person
from tests.browser.visitors import PHONE, assert_no_findings, spoken
from tests.support.measurements import eventually

pytestmark = pytest.mark.console


@pytest.fixture
async def org(console: Console, org: OrgUnderTest) -> OrgUnderTest:
    """One that those who tell people know too: each member of it arrives by itself."""
    for person in (MEMBER, COLLEAGUE):
        await told(console, org, 0, person=person)
    return org


async def assign(console: Console, org: OrgUnderTest, title: str, **fields: str) -> Any:
    """A ticket that a colleague gives the member, who is told."""
    return await console.ticket(org, title, by=COLLEAGUE, assignee_id=str(MEMBER.user_id), **fields)


async def told(console: Console, org: OrgUnderTest, count: int, *, person: Person = MEMBER) -> Any:
    """The person's inbox, once that many rows of it are unread."""

    async def answer() -> Any:
        return await console.as_(person, "GET", f"/api/orgs/{org.slug}/inbox", check=False)

    return await eventually(answer, lambda found: found.get("unread") == count)


def bell(page: Page) -> Locator:
    return page.locator("#bell")


def row(page: Page, ticket: Any) -> Locator:
    return page.locator(f"#inbox-{ticket['id']}")


class TestBell:
    async def test_counts_without_a_reload_and_for_that_person_only(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        first = await assign(console, org, "First")
        await told(console, org, 1)
        mine, theirs = await open_page(org), await open_page(org, as_=COLLEAGUE)
        await expect(mine.get_by_role("link", name="Inbox 1 unread")).to_be_visible()
        await expect(live(mine)).to_have_text("Live")
        await expect(live(theirs)).to_have_text("Live")
        await stays(mine)
        await assign(console, org, "Second")
        await expect(mine.get_by_role("link", name="Inbox 2 unread")).to_be_visible()
        await expect_stayed(mine)
        assert "Your inbox has 2 unread." in await spoken(mine)
        await expect(theirs.get_by_role("link", name="Inbox", exact=True)).to_be_visible()
        await Drawer(mine).open(first)
        await expect(bell(mine).locator("[data-unread]")).to_have_text("1")


class TestKeys:
    async def test_move_open_archive_and_mark_as_unread(self, console: Console, org: OrgUnderTest, open_page: Open):
        older, newer = await assign(console, org, "Older"), await assign(console, org, "Newer")
        await told(console, org, 2)
        page = await open_page(org, "/inbox")
        await page.keyboard.press("j")
        await expect(row(page, newer).get_by_role("link")).to_be_focused()
        await page.keyboard.press("j")
        await expect(row(page, older).get_by_role("link")).to_be_focused()
        await page.keyboard.press("k")
        await page.keyboard.press("Enter")
        await expect(Drawer(page).root).to_contain_text("Newer")
        await page.keyboard.press("Escape")
        await expect(row(page, newer).get_by_role("link")).to_be_focused()
        await expect(row(page, newer)).to_have_attribute("data-state", "read")
        await page.keyboard.press("u")
        await expect(row(page, newer)).to_have_attribute("data-state", "unread")
        await told(console, org, 2)
        await page.keyboard.press("e")
        await expect(row(page, newer)).to_have_count(0)
        await expect(row(page, older).get_by_role("link")).to_be_focused()
        await expect(bell(page).locator("[data-unread]")).to_have_text("1")
        await page.keyboard.press("e")
        await expect(page.get_by_role("heading", name="You are up to date")).to_be_visible()
        await page.get_by_role("link", name="Archived").click()
        await expect(page.locator("tr[data-row]")).to_have_count(2)


class TestList:
    async def test_what_comes_waits_behind_a_pill_and_all_is_read_at_once(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        await assign(console, org, "Known")
        await told(console, org, 1)
        page = await open_page(org, "/inbox")
        await expect(live(page)).to_have_text("Live")
        fresh = await assign(console, org, "Fresh")
        pill = page.get_by_role("button", name="1 new")
        await expect(pill).to_be_visible()
        await expect(row(page, fresh)).to_have_count(0)
        await page.get_by_role("button", name="Mark all as read").click()  # what was not seen stays unread
        await expect(row(page, fresh)).to_be_visible()
        await expect(page.locator("tr[data-row]")).to_have_count(1)
        await expect(bell(page).locator("[data-unread]")).to_have_text("1")

    async def test_without_scripts(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await assign(console, org, "Plain")
        await told(console, org, 1)
        page = await open_page(org, "/inbox", java_script_enabled=False)
        await row(page, ticket).get_by_role("button", name="Archive").click()
        await expect(page.get_by_role("heading", name="You are up to date")).to_be_visible()
        await page.get_by_role("link", name="Archived").click()
        await row(page, ticket).get_by_role("button", name="Mark as unread").click()
        await page.get_by_role("link", name="Inbox 1 unread").click()
        await row(page, ticket).get_by_role("link").click()
        await expect(page.locator("#drawer-title")).to_have_text("Plain")
        await expect(page.get_by_role("link", name="Inbox", exact=True)).to_have_count(1)


class TestTicket:
    async def test_watching_and_muting_in_the_drawer(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.ticket(org, "Of a colleague", by=COLLEAGUE)
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        watch, mute = (drawer.root.get_by_role("button", name=name, exact=True) for name in ("Watch", "Mute"))
        await expect(watch).to_have_attribute("aria-pressed", "false")
        await watch.click()
        await expect(watch).to_have_attribute("aria-pressed", "true")
        await expect(drawer.root).to_contain_text(re.compile(r"Watching:.*Mia Member"))
        await mute.click()
        await expect(mute).to_have_attribute("aria-pressed", "true")
        await expect(watch).to_have_attribute("aria-pressed", "false")

    async def test_says_who_was_told_of_a_breach(self, console: Console, org: OrgUnderTest, open_page: Open):
        soon = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
        ticket = await assign(console, org, "Late", sla_due_at=soon)
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)

        async def ledger() -> str:
            if not await page.locator("#sla-ledger:popover-open").count():
                await drawer.root.get_by_role("button", name="Why is this due?").click()
            await page.locator("#sla-entries li").first.wait_for()
            text = await page.locator("#sla-entries").inner_text()
            await page.keyboard.press("Escape")
            return text

        said = await eventually(ledger, lambda text: "Told:" in text)
        assert re.search(r"Published .*Told:.*Mia Member \(inbox\b", said)


class TestAccessibility:
    async def test_of_the_inbox_and_of_the_ticket(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await assign(console, org, "Looked at")
        await assign(console, org, "Another")
        await told(console, org, 2)
        await assert_no_findings(page := await open_page(org, "/inbox"))
        await page.get_by_role("link", name="Archived").click()
        await expect(page.get_by_role("heading", name="Nothing is archived")).to_be_visible()
        await assert_no_findings(page)
        await assert_no_findings(await open_page(org, "/inbox", **PHONE))
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await drawer.root.get_by_role("button", name="Who is told").click()
        await expect(page.locator("#told-entries")).to_contain_text("Told: Mia Member (inbox)")
        await assert_no_findings(page)
