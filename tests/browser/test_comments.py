"""Comments: threads, who may change what, hostile text, and a server that is away."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.guard import Guard
from tests.browser.pages import Drawer, TicketList
from tests.browser.people import ADMIN, COLLEAGUE, VIEWER, OrgUnderTest

HOSTILE = """Hello <script>window.planted = 1</script><img src=x onerror="window.planted = 1">
<button hx-get="/planted" hx-trigger="load">a</button><a href="javascript:window.planted = 1">link</a>
[link](javascript:window.planted=1) <div data-hx-get="/planted" data-hx-trigger="load">b</div>"""


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire")


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
