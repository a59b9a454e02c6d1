"""Two people with the same ticket open: what each of them changes is kept, and who met whom is told."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, EditDialog, TicketList, rendered_choice, toast
from tests.browser.people import COLLEAGUE, CONTACTS, MEMBER, PROJECTS, OrgUnderTest
from tests.browser.visitors import Guard, expect_heard, listen

pytestmark = pytest.mark.console


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire", priority="high")


def is_change(url: str) -> bool:
    return re.search(r"/support/1(/edit)?$", url) is not None


async def meanwhile(page: Page, console: Console, org: OrgUnderTest, ticket: Any, **fields: Any) -> None:
    """The next change of this page reaches the server after a colleague's."""

    waiting = [fields]

    async def be_slower(route: Route) -> None:
        if route.request.method == "POST" and waiting:
            await console.change(org, ticket, by=COLLEAGUE, **waiting.pop())
        await route.continue_()

    await page.route(is_change, be_slower)


async def fresh(console: Console, org: OrgUnderTest) -> Any:
    return await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/1")


class TestDifferentFields:
    async def test_both_are_kept(self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open):
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await meanwhile(page, console, org, ticket, category="technical", title="Printer put out")
        await drawer.field("Priority").select_option(label="Low")
        await expect(drawer.heading).to_have_text("Printer put out")
        await expect(rendered_choice(drawer.field("Priority"))).to_have_text("Low")
        await expect(rendered_choice(drawer.field("Category"))).to_have_text("Technical")
        now = await fresh(console, org)
        assert (now["priority"], now["category"], now["title"]) == ("low", "technical", "Printer put out")

    async def test_a_text_is_kept_beside_another_text(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await drawer.button("More actions").click()
        await drawer.root.get_by_text("Edit title and description").click()
        form = page.get_by_role("dialog", name=re.compile("^Edit ticket"))
        await form.get_by_label("Description").fill("It burns.\nStill.")
        await meanwhile(page, console, org, ticket, title="Printer put out")
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_be_hidden()
        now = await fresh(console, org)
        assert (now["title"], now["description"]) == ("Printer put out", "It burns.\nStill.")


class TestTheSameField:
    async def test_both_values_are_told_and_ones_own_can_be_set(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({412})
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await meanwhile(page, console, org, ticket, priority="urgent")
        await drawer.field("Priority").select_option(label="Low")
        told = f"{COLLEAGUE.name} changed Priority to “Urgent” in the meantime; you chose “Low”."
        await expect(toast(page, told)).to_be_visible()
        await expect(rendered_choice(drawer.field("Priority"))).to_have_text("Urgent")
        assert (await fresh(console, org))["priority"] == "urgent"
        await page.locator("#toasts").get_by_role("button", name="Set mine").click()
        await expect(TicketList(page).row(ticket)).to_contain_text("Low")
        await expect(rendered_choice(drawer.field("Priority"))).to_have_text("Low")
        assert (await fresh(console, org))["priority"] == "low"

    @pytest.mark.parametrize(("kind", "names"), [("contact", CONTACTS), ("project", PROJECTS)])
    async def test_of_what_is_linked_the_names_are_told(
        self,
        console: Console,
        org: OrgUnderTest,
        ticket: Any,
        open_page: Open,
        guard: Guard,
        kind: str,
        names: list[str],
    ):
        guard.expect_statuses({412})
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        linked = drawer.root.locator("#ticket-properties .linked")
        theirs, yours = {"contact": CONTACTS, "project": PROJECTS}[kind][:2]
        await meanwhile(page, console, org, ticket, **{f"{kind}_id": org.known(kind, theirs)})
        await drawer.button(f"Link a {kind}").click()
        await drawer.root.locator(f"#choices-{kind}").get_by_role("button", name=re.compile(yours)).click()
        told = f"{COLLEAGUE.name} changed {kind.title()} to “{theirs}” in the meantime; you chose “{yours}”."
        await expect(toast(page, told)).to_be_visible()
        await expect(linked.filter(has_text=theirs)).to_be_visible()
        await page.locator("#toasts").get_by_role("button", name="Set mine").click()
        await expect(linked.filter(has_text=yours)).to_be_visible()
        assert (await fresh(console, org))[kind]["id"] == org.known(kind, yours)

    @pytest.mark.parametrize("reopened", ["while it is saved", "after the answer"])
    async def test_ones_own_can_be_set_when_the_picker_shows_others_by_now(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard, reopened: str
    ):
        guard.expect_statuses({412})
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        theirs, yours = CONTACTS[:2]
        await meanwhile(page, console, org, ticket, contact_id=org.known("contact", theirs))
        answered = asyncio.Event()

        async def answer_later(route: Route) -> None:
            if route.request.method == "POST":
                await answered.wait()
            await route.fallback()

        await page.route(is_change, answer_later)
        choices = drawer.root.locator("#choices-contact")
        await drawer.button("Link a contact").click()
        await choices.get_by_role("button", name=re.compile(yours)).click()
        if reopened == "while it is saved":
            await drawer.root.get_by_role("searchbox", name="Contact").fill(theirs)
            await expect(choices.get_by_role("button")).to_have_count(1)
        answered.set()
        told = f"{COLLEAGUE.name} changed Contact to “{theirs}” in the meantime; you chose “{yours}”."
        await expect(toast(page, told)).to_be_visible()
        if reopened == "after the answer":
            await drawer.button("Change the contact").click()
            await drawer.root.get_by_role("searchbox", name="Contact").fill(theirs)
            await expect(choices.get_by_role("button")).to_have_count(1)
        await page.locator("#toasts").get_by_role("button", name="Set mine").click()
        await expect(drawer.root.locator("#ticket-properties .linked").filter(has_text=yours)).to_be_visible()
        assert (await fresh(console, org))["contact"]["id"] == org.known("contact", yours)

    async def test_with_another_ticket_open_it_leads_back_to_the_one_that_was_meant(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({412})
        other = await console.ticket(org, "Paper jam")
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await meanwhile(page, console, org, ticket, priority="urgent")
        await drawer.field("Priority").select_option(label="Low")
        mine = page.locator("#toasts").get_by_role("button", name="Set mine")
        await expect(mine).to_be_visible()
        await page.locator("#drawer-title").press("k")
        await drawer.expect_open(other["title"])
        await mine.click()
        await drawer.expect_open(ticket["title"])
        await expect(rendered_choice(drawer.field("Priority"))).to_have_text("Urgent")
        assert (await fresh(console, org))["priority"] == "urgent"

    async def test_of_a_link_that_is_taken_away(
        self, console: Console, org: OrgUnderTest, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({412})
        before, theirs, _ = CONTACTS
        ticket = await console.ticket(org, "Printer on fire", contact_id=org.known("contact", before))
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await meanwhile(page, console, org, ticket, contact_id=org.known("contact", theirs))
        await drawer.button("Change the contact").click()
        await drawer.button("Remove the link").click()
        told = f"{COLLEAGUE.name} changed Contact to “{theirs}” in the meantime; you chose “None”."
        await expect(toast(page, told)).to_be_visible()
        await page.locator("#toasts").get_by_role("button", name="Set mine").click()
        await expect(drawer.button("Link a contact")).to_be_visible()
        assert (await fresh(console, org))["contact"] is None

    async def test_of_a_due_time_both_are_told_in_the_readers_zone(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({412})
        page = await open_page(org, timezone_id="Asia/Kathmandu")
        drawer = await Drawer(page).open(ticket)
        await meanwhile(page, console, org, ticket, sla_due_at="2027-06-01T10:00:00Z")
        await drawer.button("Change the due time").click()
        await drawer.field("Due").fill("2027-06-02T08:00")
        await page.keyboard.press("Enter")
        theirs, yours = (rf"Jun {day}, 2027, {hour}\s[AP]M" for day, hour in ((1, "3:45"), (2, "8:00")))
        told = rf"^{COLLEAGUE.name} changed SLA due to “{theirs}” in the meantime; you chose “{yours}”\.$"
        await expect(toast(page, re.compile(told))).to_be_visible()
        await expect(drawer.root.locator("#sla-property")).to_contain_text(re.compile(theirs))
        await listen(page)
        await page.locator("#toasts").get_by_role("button", name="Set mine").click()
        await expect_heard(page, rf"^Saved\. SLA due: {yours}$")
        await expect(drawer.root.locator("#sla-property")).to_contain_text(re.compile(yours))
        assert (await fresh(console, org))["sla_due_at"] == "2027-06-02T02:15:00Z"

    async def test_a_long_text_of_theirs_stands_beside_ones_own(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({412})
        await Drawer(page := await open_page(org)).open(ticket)
        form = await EditDialog(page).open()
        await form.description.fill("It burns.")
        await meanwhile(page, console, org, ticket, description="It is **out**.")
        await form.save.click()
        await expect(form.root.get_by_text("It is out.")).to_be_visible()
        await expect(form.description).to_have_value("It burns.")
        await form.save.click()
        await expect(form.root).to_be_hidden()
        assert (await fresh(console, org))["description"] == "It burns."

    async def test_the_same_value_is_no_conflict(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await meanwhile(page, console, org, ticket, priority="low")
        await listen(page)
        await drawer.field("Priority").select_option(label="Low")
        await expect_heard(page, r"^Saved\. Priority: Low$")
        await expect(page.locator("#toasts").get_by_role("alert")).to_have_count(0)
