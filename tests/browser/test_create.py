"""The dialog for a new ticket: due times, errors, drafts, double clicks, the plan's cap."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.conftest import Open, Orgs
from tests.browser.console import Console
from tests.browser.pages import CreateDialog, Drawer, TicketList, rendered_choice, toast
from tests.browser.people import MEMBER, OrgUnderTest


async def newest(console: Console, org: OrgUnderTest) -> Any:
    answer = await console.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets?limit=1")
    return answer["items"][0]


def due_after(ticket: Any) -> timedelta:
    return datetime.fromisoformat(ticket["sla_due_at"]) - datetime.fromisoformat(ticket["created_at"])


class TestDueTime:
    async def test_a_title_is_enough_and_medium_is_due_in_72_hours(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        await console.ticket(org, "First one")
        page = await open_page(org)
        await (await CreateDialog(page).open()).create("Only a title")
        await expect(toast(page, re.compile("Ticket #2 created"))).to_be_visible()
        await expect(TicketList(page).rows.first).to_contain_text("Only a title")
        ticket = await newest(console, org)
        assert (ticket["title"], ticket["priority"], ticket["category"]) == ("Only a title", "medium", "general")
        assert due_after(ticket) == timedelta(hours=72)

    @pytest.mark.parametrize(("priority", "hours"), [("Urgent", 4), ("High", 24), ("Medium", 72), ("Low", 168)])
    async def test_each_priority_announces_and_sets_its_own(
        self, console: Console, org: OrgUnderTest, open_page: Open, priority: str, hours: int
    ):
        dialog = await CreateDialog(page := await open_page(org)).open()
        await dialog.root.get_by_label("Priority").select_option(label=priority)
        await expect(dialog.root.get_by_text(re.compile(rf"\b{hours} hours"))).to_be_visible()
        await dialog.create(f"{priority} matter")
        await expect(TicketList(page).rows.first).to_contain_text(priority)
        assert due_after(await newest(console, org)) == timedelta(hours=hours)

    async def test_a_due_time_that_is_given_wins(self, console: Console, org: OrgUnderTest, open_page: Open):
        due = (datetime.now(UTC) + timedelta(days=9)).replace(minute=30, second=0, microsecond=0)
        page = await open_page(org, timezone_id="UTC")
        dialog = await CreateDialog(page).open()
        await dialog.root.get_by_label("SLA due").fill(due.strftime("%Y-%m-%dT%H:%M"))
        await dialog.create("Due by hand")
        ticket = await newest(console, org)
        assert datetime.fromisoformat(ticket["sla_due_at"]) == due
        assert ticket["sla_source"] == "manual"


class TestErrors:
    async def test_a_missing_title_is_said_at_the_field_and_the_rest_is_kept(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        dialog = await CreateDialog(await open_page(org)).open()
        await dialog.title.fill("   ")
        await dialog.root.get_by_label("Description").fill("Typed with care")
        await dialog.submit.click()
        await expect(dialog.title).to_have_attribute("aria-invalid", "true")
        await expect(dialog.title).to_be_focused()
        await expect(dialog.title).to_have_accessible_description("Give the ticket a title.")
        await expect(dialog.root.get_by_label("Description")).to_have_value("Typed with care")
        assert await console.counted(org) == 0

    async def test_a_double_click_makes_one_ticket(self, console: Console, org: OrgUnderTest, open_page: Open):
        dialog = await CreateDialog(page := await open_page(org)).open()
        await dialog.title.fill("Just once")
        await dialog.submit.dblclick()
        await expect(TicketList(page).rows.first).to_contain_text("Just once")
        assert await console.counted(org) == 1


class TestDialog:
    async def test_create_another_keeps_it_open_and_empty(self, console: Console, org: OrgUnderTest, open_page: Open):
        dialog = await CreateDialog(await open_page(org)).open()
        await dialog.root.get_by_label("Create another").check()
        for title in ("One", "Two"):
            await dialog.title.fill(title)
            await dialog.title.press("Control+Enter")
            await expect(dialog.title).to_have_value("")
            await expect(dialog.title).to_be_focused()
        assert await console.counted(org) == 2

    async def test_closing_keeps_what_was_typed_until_it_is_given_up(self, org: OrgUnderTest, open_page: Open):
        dialog = await CreateDialog(page := await open_page(org)).open()
        await dialog.title.fill("Half a thought")
        await dialog.root.get_by_label("Priority").select_option(label="High")
        await page.keyboard.press("Escape")
        await expect(dialog.root).to_be_hidden()
        await page.reload()
        await dialog.open()
        await expect(dialog.title).to_have_value("Half a thought")
        await expect(rendered_choice(dialog.root.get_by_label("Priority"))).to_have_text("High")
        await page.locator("#toasts").get_by_role("button", name="Start afresh").click()
        await expect(dialog.title).to_have_value("")
        await page.keyboard.press("Escape")
        await dialog.open()
        await expect(dialog.title).to_have_value("")

    async def test_two_clicks_open_one_form_and_offer_once_to_start_afresh(self, org: OrgUnderTest, open_page: Open):
        """The second click comes while the first form is loading."""
        dialog = await CreateDialog(page := await open_page(org)).open()
        await dialog.title.fill("Half a thought")
        await page.keyboard.press("Escape")
        clicked, asked = asyncio.Event(), 0

        async def answered_after_the_clicks(route: Route) -> None:
            nonlocal asked
            asked += 1
            await clicked.wait()
            await route.continue_()

        await page.route("**/support/new", answered_after_the_clicks)
        for _ in range(2):
            await TicketList(page).new.click()
        clicked.set()
        await expect(dialog.title).to_have_value("Half a thought")
        await page.wait_for_load_state("networkidle")
        await expect(page.locator("#toasts").get_by_role("button", name="Start afresh")).to_have_count(1)
        assert asked == 1

    async def test_the_offer_to_start_afresh_leaves_with_its_form(self, org: OrgUnderTest, open_page: Open):
        dialog = await CreateDialog(page := await open_page(org)).open()
        await dialog.title.fill("Half a thought")
        offer = page.locator("#toasts").get_by_role("button", name="Start afresh")
        for _ in range(2):
            await page.keyboard.press("Escape")
            await expect(offer).to_have_count(0)
            await dialog.open()
            await expect(offer).to_have_count(1)

    async def test_the_toast_leads_to_the_new_ticket(self, console: Console, org: OrgUnderTest, open_page: Open):
        await console.ticket(org, "Known")
        page = await open_page(org)
        await (await CreateDialog(page).open()).create("Follow me")
        await page.locator("#toasts").get_by_role("link", name="Open").click()
        await Drawer(page).expect_open("Follow me")


class TestCap:
    async def test_at_the_cap_the_button_explains_and_tickets_stay_usable(
        self, console: Console, orgs: Orgs, open_page: Open
    ):
        tickets = TicketList(page := await open_page(orgs.full))
        await tickets.new.click()
        notice = page.locator("dialog[open]")
        await expect(notice).to_contain_text("500")
        await expect(notice.get_by_label("Title")).to_have_count(0)
        await page.keyboard.press("Escape")
        await tickets.rows.first.get_by_role("link").first.click()
        await expect(Drawer(page).field("Status")).to_be_enabled()

    async def test_a_cap_reached_meanwhile_is_said_in_the_form(
        self, console: Console, orgs: Orgs, open_page: Open, guard: Any
    ):
        """The notice came too late for whoever had the form open already."""
        guard.expect_statuses({403, 422})
        (one, *_) = (await console.as_(MEMBER, "GET", f"/api/orgs/{orgs.full.slug}/tickets?limit=1"))["items"]
        await console.remove(orgs.full, one)
        dialog = await CreateDialog(await open_page(orgs.full)).open()
        await console.restore(orgs.full, one)
        await dialog.title.fill("One too many")
        await dialog.submit.click()
        await expect(dialog.page.locator("dialog[open]").get_by_role("alert").first).to_contain_text("plate allows")
        assert await console.counted(orgs.full) == 500
