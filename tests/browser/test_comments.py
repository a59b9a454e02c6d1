"""Comments: threads, who may change what, hostile text, and a server that is away."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, TicketList, question
from tests.browser.people import ADMIN, COLLEAGUE, VIEWER, OrgUnderTest
from tests.browser.visitors import Guard

HOSTILE = """Hello <script>window.planted = 1</script><img src=x onerror="window.planted = 1">
<button hx-get="/planted" hx-trigger="load">a</button><a href="javascript:window.planted = 1">link</a>
[link](javascript:window.planted=1) <div data-hx-get="/planted" data-hx-trigger="load">b</div>"""


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire")


class TestThread:
    async def test_comments_and_replies_appear_and_are_counted(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        await console.comment(org, ticket, "Who has **seen** it?", by=COLLEAGUE)
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await expect(drawer.comments.locator("strong")).to_have_text("seen")
        await drawer.send("I have")
        await expect(drawer.comments).to_have_count(2)
        await drawer.comments.first.hover()
        await drawer.comments.first.get_by_role("button", name=re.compile("^Reply")).click()
        await drawer.send("Me too")
        await expect(drawer.comments).to_have_count(3)
        await expect(drawer.comments.nth(1)).to_contain_text("Me too")
        await expect(TicketList(page).row(ticket).get_by_text("3 comments")).to_be_attached()

    async def test_the_author_edits_and_deletes_their_own(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        mine = await console.comment(org, ticket, "First thought")
        await console.comment(org, ticket, "An answer", by=COLLEAGUE, parent_id=mine["id"])
        drawer = await Drawer(await open_page(org)).open(ticket)
        comment = drawer.comments.first
        await comment.hover()
        await comment.get_by_role("button", name=re.compile("^Edit")).first.click()
        field = drawer.root.get_by_role("textbox", name="Edit comment")
        await field.fill("Second thought")
        await drawer.button("Save").click()
        await expect(comment).to_contain_text("Second thought")
        await expect(comment).to_contain_text("edited")
        await comment.hover()
        with question(drawer.page, accept=True):
            await comment.get_by_role("button", name=re.compile("^Delete")).click()
        await expect(drawer.root.get_by_text("Comment deleted", exact=True)).to_be_visible()
        await expect(drawer.root.get_by_text("An answer")).to_be_visible()
        await expect(drawer.root.get_by_text("Second thought")).to_have_count(0)


class TestRights:
    async def test_a_member_cannot_touch_anothers_and_an_admin_can(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open
    ):
        await console.comment(org, ticket, "Mine alone", by=COLLEAGUE)
        change = re.compile("^(Edit|Delete)")
        member = await Drawer(await open_page(org)).open(ticket)
        await expect(member.comments).to_have_count(1)
        await expect(member.comments.get_by_role("button", name=change)).to_have_count(0)
        admin = await Drawer(await open_page(org, as_=ADMIN)).open(ticket)
        await expect(admin.comments.get_by_role("button", name=change)).to_have_count(2)
        await admin.comments.first.hover()
        with question(admin.page, accept=True):
            await admin.comments.get_by_role("button", name=re.compile("^Delete")).click()
        await expect(admin.root.get_by_text("Comment deleted", exact=True)).to_be_visible()

    async def test_a_viewer_has_no_composer_and_the_request_is_refused(
        self, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({403})
        page = await open_page(org, "/support/1", as_=VIEWER)
        drawer = Drawer(page)
        await drawer.expect_open(ticket["title"])
        await expect(drawer.composer).to_have_count(0)
        await expect(drawer.root.get_by_role("combobox")).to_have_count(0)
        await expect(drawer.root.get_by_text(re.compile("view|read", re.IGNORECASE)).first).to_be_visible()
        await expect(TicketList(page).new).to_have_count(0)
        status = await page.evaluate(
            """async () => (await fetch(`${location.pathname}/comments`, {
                method: "POST", body: new URLSearchParams({body: "no"}),
                headers: {"X-CSRF-Token": document.querySelector("meta[name=csrf-token]")?.content
                    ?? document.querySelector("[name=csrf_token]")?.value ?? "none"}})).status"""
        )
        assert status == 403


class TestHostileText:
    async def test_nothing_in_a_comment_runs_or_is_requested(
        self, console: Console, org: OrgUnderTest, open_page: Open
    ):
        hostile = await console.ticket(org, "Look at <b>this</b>", description=HOSTILE)
        await console.comment(org, hostile, HOSTILE, by=COLLEAGUE)
        page = await open_page(org)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        drawer = await Drawer(page).open(hostile)
        await expect(drawer.comments).to_contain_text("Hello")
        for link in await drawer.comments.get_by_text("link").all():
            await link.click()
        assert await page.evaluate("window.planted === undefined")
        assert not [url for url in asked if "planted" in url or url.endswith("/x")]
        assert (
            await drawer.root.locator(".prose script, .prose img, .prose [hx-get], .prose [data-hx-get]").count() == 0
        )


class TestServerAway:
    async def test_the_text_is_kept_and_can_be_sent_again(
        self, console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_no_server()
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await page.context.set_offline(True)
        await drawer.composer.fill("Written in a tunnel")
        await drawer.button("Comment").click()
        await expect(page.locator("#toasts").get_by_role("alert").first).to_be_visible()
        await expect(drawer.composer).to_have_value("Written in a tunnel")
        await page.context.set_offline(False)
        await page.locator("#toasts").get_by_role("button", name=re.compile("again|Retry")).first.click()
        await expect(drawer.comments).to_contain_text("Written in a tunnel")
        await expect(drawer.composer).to_have_value("")

    async def test_a_failing_server_is_said_and_asked_again(
        self, org: OrgUnderTest, ticket: Any, open_page: Open, guard: Guard
    ):
        guard.expect_statuses({503})
        page = await open_page(org)
        drawer = await Drawer(page).open(ticket)
        await page.route("**/comments", lambda route: route.fulfill(status=503))
        await drawer.composer.fill("Written in bad times")
        await drawer.button("Comment").click()
        again = page.locator("#toasts").get_by_role("button", name="Try again")
        await expect(again).to_be_visible()
        await expect(drawer.composer).to_have_value("Written in bad times")
        await page.unroute_all()
        await again.click()
        await expect(drawer.comments).to_contain_text("Written in bad times")
        await expect(drawer.composer).to_have_value("")
