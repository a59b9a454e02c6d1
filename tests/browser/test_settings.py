"""Settings in the console: mails of one's own and of the workspace, their fields, zones, without scripts, axe."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.people import MEMBER, OWNER, OrgUnderTest, Person
from tests.browser.visitors import PHONE, assert_no_findings
from tests.support.measurements import eventually

pytestmark = pytest.mark.console

#: People are the same in every test.
DEFAULTS = {
    "quiet_hours": None, "muted_until": None, "language": None, "mail_delay_seconds": 60,
    "mail": {"status_changed": False},
}  # fmt: skip
MINE, OF_WORKSPACE = "/settings/notifications", "/settings/workspace-notifications"


@pytest.fixture
async def org(console: Console, org: OrgUnderTest) -> OrgUnderTest:
    """One that those who tell people know too."""
    for person in (MEMBER, OWNER):
        await known(console, org, person)
    await console.as_(MEMBER, "PATCH", "/api/me/notifications", DEFAULTS)
    return org


async def known(console: Console, org: OrgUnderTest, person: Person) -> None:
    async def answer() -> Any:
        return await console.as_(person, "GET", f"/api/orgs/{org.slug}/inbox", check=False)

    await eventually(answer, lambda found: "unread" in found)


async def mine(console: Console, person: Person = MEMBER) -> Any:
    return await console.as_(person, "GET", "/api/me/notifications")


def save(page: Page) -> Any:
    return page.get_by_role("button", name="Save", exact=True)


class TestMine:
    async def test_by_keyboard_from_the_side_bar_to_what_is_stored(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        page = await open_page(org, timezone_id="Asia/Tokyo")
        await page.get_by_role("link", name="Settings").press("Enter")
        await expect(page.get_by_role("heading", name="Notifications", exact=True)).to_be_visible()
        status = page.get_by_role("checkbox", name="Changes of status of tickets I watch")
        await expect(status).not_to_be_checked()
        await status.press("Space")
        await expect(page.get_by_label("From")).to_be_hidden()
        await page.get_by_role("checkbox", name="Hold mails back every day").press("Space")
        await page.get_by_label("From").fill("20:30")
        await page.get_by_label("No mail until").fill("2126-03-03T09:00")
        await save(page).press("Enter")
        await expect(page.locator(".toast")).to_have_text("Saved")
        stored = await mine(console)
        assert stored["mail"]["status_changed"]
        assert stored["quiet_hours"] == {"from": "20:30", "to": "07:00", "zone": "Asia/Tokyo"}
        assert stored["muted_until"] == "2126-03-03T00:00:00Z"
        await expect(save(page)).to_be_focused()
        await page.get_by_role("checkbox", name="Hold mails back every day").uncheck()
        await page.get_by_label("No mail until").fill("")
        await status.uncheck()
        await save(page).click()
        await expect(page.locator(".toast")).to_have_count(2)
        stored = await mine(console)
        assert (stored["quiet_hours"], stored["muted_until"], stored["mail"]["status_changed"]) == (None, None, False)

    async def test_what_is_wrong_stands_beside_its_field_which_has_the_focus(self, org: OrgUnderTest, open_page: Open):
        page = await open_page(org, MINE)
        await page.get_by_role("checkbox", name="Hold mails back every day").check()
        await page.get_by_label("To", exact=True).fill("22:00")
        await save(page).click()
        await expect(page.get_by_label("To", exact=True)).to_be_focused()
        await expect(page.get_by_label("To", exact=True)).to_have_accessible_description(
            "Choose another time than the beginning."
        )
        await assert_no_findings(page)

    async def test_of_two_windows_the_second_is_told_and_keeps_what_was_chosen(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        first, second = await open_page(org, MINE), await open_page(org, MINE)
        await first.get_by_label("Before a mail is sent").select_option("300")
        await save(first).click()
        await expect(first.locator(".toast")).to_have_text("Saved")
        await second.get_by_label("Before a mail is sent").select_option("900")
        await save(second).click()
        await expect(second.get_by_role("alert")).to_contain_text("changed elsewhere in the meantime")
        assert (await mine(console))["mail_delay_seconds"] == 300
        await save(second).click()
        await expect(second.locator(".toast")).to_have_text("Saved")
        assert (await mine(console))["mail_delay_seconds"] == 900

    async def test_without_scripts(self, console: Console, org: OrgUnderTest, open_page: Open):
        page = await open_page(org, MINE, java_script_enabled=False)
        await page.get_by_label("Language of the mails").select_option("es")
        await save(page).click()
        await expect(page.get_by_role("status").get_by_text("Saved")).to_be_visible()
        assert (await mine(console))["language"] == "es"


class TestOfWorkspace:
    async def test_an_owner_changes_it_and_a_member_is_not_offered_it(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        page = await open_page(org, as_=OWNER)
        await page.get_by_role("link", name="Settings").click()
        await page.get_by_role("link", name="Notifications of the workspace").click()
        await page.get_by_label("After so many hours").fill("48")
        await page.get_by_role("checkbox", name="Put the text of tickets").check()
        await save(page).click()
        await expect(page.locator(".toast")).to_have_text("Saved")
        stored = await console.as_(OWNER, "GET", f"/api/orgs/{org.slug}/settings/notifications")
        assert (stored["escalate_after_hours"], stored["include_text"]) == (48, True)
        page = await open_page(org, MINE)
        await expect(page.get_by_role("link", name="Notifications of the workspace")).to_have_count(0)


class TestAccessibility:
    async def test_of_both_pages(self, org: OrgUnderTest, open_page: Open):
        for path in (MINE, OF_WORKSPACE):
            await assert_no_findings(await open_page(org, path, as_=OWNER))
            await assert_no_findings(await open_page(org, path, as_=OWNER, **PHONE))
