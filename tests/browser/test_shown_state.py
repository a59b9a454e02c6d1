"""What the open ticket shows is what the ticket is: read as it is rendered, not as a field's value."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, Held, TicketList, expect_status
from tests.browser.people import COLLEAGUE, MEMBER, OrgUnderTest
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.console

SIGNAL = """detail => { document.dispatchEvent(new CustomEvent("opsdash:signal", { detail })); }"""
INITIALS = "MC"
# The controls that an element lies over.
COVERED = """element => {
    const over = element.getBoundingClientRect();
    return [...document.querySelectorAll("a, button, input, select")].filter(other => {
        const box = other.getBoundingClientRect();
        return other !== element && other.checkVisibility({visibilityProperty: true}) && box.width > 1
            && box.left < over.right && over.left < box.right && box.top < over.bottom && over.top < box.bottom;
    }).map(other => other.outerHTML.slice(0, 80));
}"""

COUNT_COMMENTS = """() => {
    window.signalledComments = 0;
    const count = ({ detail: { event } }) => { window.signalledComments += event === "comment"; };
    document.addEventListener("opsdash:signal", count);
}"""


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire", status="in_progress")


class TestStatus:
    async def test_after_the_resolve_button(self, ticket: Any, org: OrgUnderTest, open_page: Open):
        drawer = await Drawer(await open_page(org)).open(ticket)
        await expect_status(drawer, "In progress")
        await drawer.button("Resolve").click()
        await expect_status(drawer, "Resolved")
        await drawer.button("Reopen").click()
        await expect_status(drawer, "Open")

    async def test_after_a_choice_and_the_button(self, ticket: Any, org: OrgUnderTest, open_page: Open):
        drawer = await Drawer(await open_page(org)).open(ticket)
        await drawer.field("Status").select_option(label="Waiting")
        await expect_status(drawer, "Waiting")
        await drawer.button("Resolve").click()
        await expect_status(drawer, "Resolved")

    async def test_after_somebody_else(self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open):
        drawer = await Drawer(await open_page(org)).open(ticket)
        await console.change(org, ticket, by=COLLEAGUE, status="resolved")
        await expect_status(drawer, "Resolved")


class TestAssignees:
    async def test_an_option_is_the_name_alone(self, ticket: Any, org: OrgUnderTest, open_page: Open):
        drawer = await Drawer(await open_page(org)).open(ticket)
        options: Locator = drawer.field("Assignee").get_by_role("option")
        texts = [" ".join(text.split()) for text in await options.all_text_contents()]
        assert {MEMBER.name, COLLEAGUE.name} <= set(texts)
        assert not [text for text in texts if INITIALS in text.split()]

    async def test_the_initials_are_still_drawn(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.ticket(org, "Hers", assignee_id=str(COLLEAGUE.user_id))
        page = await open_page(org)
        avatar = page.locator(f"#ticket-{ticket['id']} .c-assignee .avatar")
        drawn = await avatar.evaluate("element => getComputedStyle(element, '::before').content")
        assert drawn == f'"{INITIALS}"'


class TestWhatIsTold:
    async def test_resolving_by_key_keeps_the_focus_and_says_what_was_saved(
        self, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await drawer.button("Resolve").focus()
        await page.keyboard.press("Enter")
        await expect(drawer.button("Reopen")).to_be_focused()
        await expect(page.locator("#live")).to_have_text("Saved. Status: Resolved")

    async def test_what_others_do_is_said(self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open):
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await console.comment(org, ticket, "I am on it", by=COLLEAGUE)
        await expect(page.locator("#live")).to_have_text(f"Comment by {COLLEAGUE.name}")
        await console.change(org, ticket, by=COLLEAGUE, title="Printer put out")
        await expect(page.locator("#live")).to_have_text("Somebody else changed this ticket.")
        await expect(drawer.heading).to_have_text("Printer put out")
        await expect(page).to_have_title(re.compile("^#1 Printer put out · "))
        await page.keyboard.press("Escape")
        await expect(page).to_have_title(re.compile("^Support · "))
        await expect(page.locator("#live")).to_have_text("")

    async def test_so_is_a_change_that_another_answer_brought_along_before_its_signal(
        self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        """Of the versions 1 to 3 the page was opened with the first and shows the last when late signals come."""
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await console.change(org, ticket, by=COLLEAGUE, title="Printer put out")
        await expect(page.locator("#live")).to_have_text("Somebody else changed this ticket.")
        await drawer.field("Priority").select_option(label="Low")
        await expect(page.locator("#live")).to_contain_text("Saved. Priority: Low")

        async def signal(version: int) -> None:
            data = {"id": ticket["id"], "number": 1, "kind": "updated", "version": version, "changed": ["title"]}
            await page.evaluate(SIGNAL, {"event": "ticket", "data": data | {"by": "a colleague's id"}})

        await signal(1)
        await expect(page.locator("#live")).to_contain_text("Saved. Priority: Low")
        await signal(2)
        await expect(page.locator("#live")).to_have_text("Somebody else changed this ticket.")

    async def test_a_comment_that_waits_for_another_answer_is_said(
        self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await page.route("**/properties", held := Held())
        await console.change(org, ticket, by=COLLEAGUE, title="Printer put out")
        await held.sent.wait()
        await page.evaluate(COUNT_COMMENTS)
        await console.comment(org, ticket, "I am on it", by=COLLEAGUE)
        await page.wait_for_function("() => window.signalledComments === 1")
        held.release.set()
        await expect(drawer.comments).to_have_count(1)
        await expect(page.locator("#live")).to_have_text(f"Comment by {COLLEAGUE.name}")


class TestTheListAround:
    async def test_a_reload_with_an_open_ticket_keeps_view_and_order(
        self, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        page = await open_page(org, "/support?view=unassigned&sort=priority")
        drawer = await Drawer(page).open(ticket)
        await page.reload()
        await drawer.expect_open(ticket["title"])
        await page.keyboard.press("Escape")
        await expect(page).to_have_url(re.compile(r"/support\?view=unassigned&sort=priority$"))
        await expect(TicketList(page).view("Unassigned")).to_have_attribute("aria-current", "true")

    async def test_what_one_finishes_leaves_the_list_when_its_drawer_closes(
        self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        above = await console.ticket(org, "Above")
        tickets = TicketList(page := await open_page(org))
        drawer = await Drawer(page).open(above)
        await drawer.button("Resolve").click()
        await expect(drawer.button("Reopen")).to_be_visible()
        await expect(tickets.row(above)).to_have_count(1)
        await drawer.heading.focus()
        await page.keyboard.press("j")
        await drawer.expect_open(ticket["title"])
        await page.keyboard.press("Escape")
        await expect(tickets.row(above)).to_have_count(0)
        await expect(tickets.link(ticket)).to_be_focused()

    async def test_what_one_finishes_together_leaves_the_list(
        self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        closed = [await console.ticket(org, title) for title in ("One", "Two")]
        tickets = TicketList(page := await open_page(org))
        for each in closed:
            await tickets.row(each).get_by_role("checkbox").check()
        await page.locator("#bulk").get_by_role("button", name="Status").click()
        await page.locator(":popover-open").get_by_role("button", name="Closed").click()
        await expect(tickets.rows).to_have_count(1)
        await expect(tickets.row(ticket)).to_be_visible()

    async def test_new_tickets_move_no_row_and_cover_nothing(
        self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        page = await open_page(org)
        row = TicketList(page).row(ticket)
        before = await row.bounding_box()
        await console.ticket(org, "Another", by=COLLEAGUE)
        pill = page.get_by_role("button", name="1 new ticket")
        await expect(pill).to_be_visible()
        assert await row.bounding_box() == before
        assert await pill.evaluate(COVERED) == []

    async def test_new_tickets_leave_the_head_of_a_phone_whole(
        self, console: Console, ticket: Any, org: OrgUnderTest, open_page: Open
    ):
        page = await open_page(org, viewport={"width": 320, "height": 640})
        await expect(TicketList(page).row(ticket)).to_be_visible()
        await console.ticket(org, "Another", by=COLLEAGUE)
        await expect(page.get_by_role("button", name="1 new ticket")).to_be_visible()
        button = await TicketList(page).new.bounding_box()
        assert button is not None
        assert button["x"] + button["width"] <= 320
        assert await page.get_by_role("button", name="1 new ticket").evaluate(COVERED) == []

    async def test_toasts_leave_the_composer_free(self, ticket: Any, org: OrgUnderTest, open_page: Open):
        page = await open_page(org, viewport={"width": 1000, "height": 700})
        drawer = await Drawer(page).open(ticket)
        await drawer.composer.fill("One\nTwo\nThree")
        await page.evaluate("opsdash.toast({ text: 'Something to say' })")
        told = await page.locator("#toasts").bounding_box()
        box = await drawer.root.locator("#composer").bounding_box()
        assert told is not None
        assert box is not None
        assert told["y"] + told["height"] <= box["y"]


class TestText:
    async def test_an_arabic_title_keeps_its_beginning(self, console: Console, org: OrgUnderTest, open_page: Open):
        ticket = await console.ticket(org, "طابعة " * 30)
        page = await open_page(org)
        title = TicketList(page).row(ticket).locator(".title")
        assert await title.evaluate("element => getComputedStyle(element).direction") == "rtl"
        drawer = await Drawer(page).open({**ticket, "title": ticket["title"].strip()})
        assert await drawer.heading.evaluate("element => getComputedStyle(element).direction") == "rtl"
        await drawer.composer.fill("شكرا")
        assert await drawer.composer.evaluate("element => element.matches(':dir(rtl)')")


class TestKeys:
    async def test_work_on_a_layout_without_latin_letters(self, ticket: Any, org: OrgUnderTest, open_page: Open):
        page = await open_page(org)
        typed = "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))"
        await page.evaluate(typed, ["\N{CYRILLIC SMALL LETTER ES}", "KeyC"])
        await expect(page.get_by_role("dialog", name="New ticket")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.evaluate(typed, ["a", "KeyQ"])  # a French one: the letter counts, not the place
        await expect(page.get_by_role("dialog")).to_have_count(0)

    async def test_escape_in_a_popover_closes_nothing_else(self, ticket: Any, org: OrgUnderTest, open_page: Open):
        drawer = await Drawer(page := await open_page(org)).open(ticket)
        await drawer.button("Change the due time").click()
        await expect(page.locator("#sla-edit")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#sla-edit")).to_be_hidden()
        await expect(drawer.root).to_be_visible()

    async def test_the_box_grows_where_the_style_sheet_cannot_say_so(
        self, ticket: Any, org: OrgUnderTest, visitors: Visitors
    ):
        context = await visitors.context(MEMBER)
        await context.add_init_script("CSS.supports = (name) => name !== 'field-sizing'")
        page = await context.new_page()
        await page.goto(visitors.address(org, "/support/1"))
        drawer = Drawer(page)
        await drawer.expect_open(ticket["title"])
        await drawer.composer.evaluate("box => { box.style.fieldSizing = 'fixed'; }")
        height = "box => box.clientHeight"
        before = await drawer.composer.evaluate(height)
        await drawer.composer.fill("One\nTwo\nThree\nFour")
        large = "before => document.querySelector('#composer-body').clientHeight > 2 * before"
        await page.wait_for_function(large, arg=before)
        await page.keyboard.press("Control+Enter")
        await expect(drawer.composer).to_have_value("")
        await expect(drawer.comments).to_have_count(1)
        small = "before => document.querySelector('#composer-body').clientHeight <= before"
        await page.wait_for_function(small, arg=before)
