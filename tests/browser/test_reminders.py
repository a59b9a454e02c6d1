"""Reminders in a ticket: set by keys at the reader's own times, seen, removed, told with a note; without scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer
from tests.browser.people import MEMBER, OrgUnderTest
from tests.browser.visitors import PHONE, assert_no_findings
from tests.support.measurements import eventually

pytestmark = pytest.mark.console

ZONE = "Asia/Kathmandu"


@pytest.fixture
async def org(console: Console, org: OrgUnderTest) -> OrgUnderTest:
    """One that those who tell people know too."""

    async def answer() -> Any:
        return await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/inbox", check=False)

    await eventually(answer, lambda found: "unread" in found)
    return org


async def stored(console: Console, org: OrgUnderTest) -> list[Any]:
    items: list[Any] = (await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/reminders"))["items"]
    return items


def part(page: Page) -> Any:
    return page.locator("#ticket-reminders")


class TestSetting:
    async def test_by_keys_for_tomorrow_morning_of_the_reader(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        ticket = await console.ticket(org, "Looked at again")
        page = await open_page(org, timezone_id=ZONE)
        await Drawer(page).open(ticket)
        await page.keyboard.press("h")
        await expect(page.get_by_role("radio", name="In 1 hour")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Ask again")
        await page.keyboard.press("Enter")
        await expect(page.locator("#remind")).to_be_hidden()
        await expect(part(page).get_by_role("listitem")).to_contain_text("Ask again")
        (reminder,) = await stored(console, org)
        at = datetime.fromisoformat(reminder["at"]).astimezone(ZoneInfo(ZONE))
        today = datetime.now(UTC).astimezone(ZoneInfo(ZONE)).date()
        assert (at.hour, at.minute, at.date() - today) == (9, 0, timedelta(days=1))

    async def test_another_one_begins_empty_and_each_can_be_removed(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        ticket = await console.ticket(org, "Looked at twice")
        page = await open_page(org, timezone_id=ZONE)
        await Drawer(page).open(ticket)
        for at, note in (("2026-12-24T18:00", "First"), ("2026-12-25T18:00", "Second")):
            await page.get_by_role("button", name="Remind me").click()
            await expect(page.get_by_label("Note, for you alone")).to_have_value("")
            await page.get_by_role("radio", name="At another time").check()
            await page.get_by_label("Day and time").fill(at)
            await page.get_by_label("Note, for you alone").fill(note)
            await page.get_by_role("button", name="Set the reminder").click()
            await expect(part(page)).to_contain_text(note)
        items = await stored(console, org)
        assert [item["at"] for item in items] == ["2026-12-24T12:15:00Z", "2026-12-25T12:15:00Z"]
        await part(page).get_by_role("button", name="Remove the reminder").first.click()
        await expect(part(page).get_by_role("listitem")).to_have_count(1)
        await expect(part(page)).not_to_contain_text("First")
        assert [item["note"] for item in await stored(console, org)] == ["Second"]

    async def test_what_is_wrong_is_said_and_what_was_typed_stays(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        ticket = await console.ticket(org, "Too late")
        page = await open_page(org, timezone_id=ZONE)
        await Drawer(page).open(ticket)
        await page.get_by_role("button", name="Remind me").click()
        await page.get_by_role("radio", name="At another time").check()
        await page.get_by_label("Day and time").fill("2020-01-01T10:00")
        await page.get_by_label("Note, for you alone").fill("Kept")
        await page.get_by_role("button", name="Set the reminder").click()
        await expect(page.locator("#remind").get_by_role("alert")).to_have_text("Choose a moment in the future.")
        await expect(page.get_by_label("Note, for you alone")).to_have_value("Kept")
        await assert_no_findings(page)
        assert await stored(console, org) == []

    async def test_without_scripts(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.ticket(org, "Plain")
        page = await open_page(org, f"/support/{ticket['number']}", java_script_enabled=False)
        await page.get_by_role("button", name="Remind me").click()
        await page.get_by_label("Note, for you alone").fill("Ask again")
        await page.get_by_role("button", name="Set the reminder").click()
        await expect(part(page).get_by_role("listitem")).to_contain_text("Ask again")
        await part(page).get_by_role("button", name="Remove the reminder").click()
        await expect(part(page).get_by_role("listitem")).to_have_count(0)


class TestTold:
    async def test_its_note_is_in_the_inbox(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.ticket(org, "Back again")
        at = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        path = f"/api/orgs/{org.slug}/tickets/{ticket['number']}/reminders"
        await console.as_(MEMBER, "POST", path, {"at": at, "note": "Ask again"})

        async def inbox() -> Any:
            return (await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/inbox"))["items"]

        await eventually(inbox, bool)
        row = (await open_page(org, "/inbox")).locator(f"#inbox-{ticket['id']}")
        await expect(row).to_contain_text("Reminder")
        await expect(row).to_contain_text("Ask again")


class TestAccessibility:
    async def test_of_the_menu_and_of_what_is_set(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.ticket(org, "Looked at")
        at = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
        path = f"/api/orgs/{org.slug}/tickets/{ticket['number']}/reminders"
        await console.as_(MEMBER, "POST", path, {"at": at, "note": "Ask again"})
        for options in ({}, PHONE):
            page = await open_page(org, f"/support/{ticket['number']}", **options)
            await page.get_by_role("button", name="Remind me").click()
            await expect(page.get_by_role("button", name="Set the reminder")).to_be_in_viewport()
            await assert_no_findings(page)
