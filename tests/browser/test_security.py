"""The policy of every page, planted active content under real clicks, other orgs' tickets."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open, Orgs
from tests.browser.console import Console
from tests.browser.people import MEMBER, OrgUnderTest
from tests.browser.visitors import Guard, Visitors

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PLANTED = """<div id="planted">
<button id="one" onclick="window.ran = 'onclick'">one</button>
<button id="two" hx-on:click="window.ran = 'hx-on'">two</button>
<button id="three" hx-get="/planted" hx-trigger="click[window.ran = 'filter']">three</button>
<button id="four" hx-get="/planted" hx-vals="js:{ran: window.ran = 'vals'}">four</button></div>"""


class TestHeaders:
    @pytest.mark.parametrize(
        ("org", "path", "status"),
        [
            ("rich", "/support", 200),
            ("rich", "/support/1", 200),
            ("rich", "/dashboard", 200),
            ("rich", "/support/999999", 404),
            ("rich", "/nowhere", 404),
            ("free", "/support", 403),
            ("empty", "/support", 200),
        ],
    )
    async def test_every_page_has_exactly_the_strict_policy(
        self, orgs: Orgs, visitors: Visitors, guard: Guard, org: str, path: str, status: int
    ):
        guard.expect_statuses({403, 404})
        page = await (await visitors.context(MEMBER)).new_page()
        answer = await page.goto(visitors.address(getattr(orgs, org), path))
        assert answer
        assert answer.status == status
        headers = await answer.all_headers()
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "no-store" in headers["cache-control"]
        assert "hx-request" in headers["vary"].lower()

    async def test_sign_in_has_it_too(self, console: Console, visitors: Visitors):
        page = await (await visitors.context()).new_page()
        answer = await page.goto(f"{console.url}/en/sign-in")
        assert answer
        assert (await answer.all_headers())["content-security-policy"] == POLICY


class TestPlantedContent:
    """As if somebody had got markup past the sanitiser. Real clicks: those of a script prove nothing."""

    async def test_in_typed_text_htmx_does_not_look_at_it(self, orgs: Orgs, open_page: Open, guard: Guard):
        guard.expect_violations()
        page = await open_page(orgs.rich, "/support/64")
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "planted" in request.url else None)
        await plant(page, "#drawer .prose")
        assert await page.evaluate("window.ran === undefined")
        assert asked == []
        refused = "\n".join(guard.violations)
        assert "inline event handler" in refused
        assert "unsafe-eval" not in refused

    async def test_anywhere_else_the_policy_still_refuses_it(self, orgs: Orgs, open_page: Open, guard: Guard):
        guard.expect_violations()
        guard.expect_statuses({404})
        page = await open_page(orgs.rich)
        await plant(page, "main")
        assert await page.evaluate("window.ran === undefined")
        refused = "\n".join(guard.violations)
        assert "inline event handler" in refused
        assert "unsafe-eval" in refused


async def plant(page: Page, place: str) -> None:
    """Put it there, have htmx look at the whole page, and click on everything in it."""
    await page.evaluate(
        """([markup, place]) => { document.querySelector(place).insertAdjacentHTML("afterbegin", markup);
                                  htmx.process(document.body); }""",
        [PLANTED, place],
    )
    for name in ("one", "two", "three", "four"):
        await page.locator(f"#{name}").click()


class TestOtherOrgs:
    async def test_another_orgs_ticket_is_not_found(
        self, console: Console, orgs: Orgs, org: OrgUnderTest, visitors: Visitors, guard: Guard
    ):
        guard.expect_statuses({404})
        foreign: Any = await console.ticket(orgs.foreign, "Secret matter")
        page = await (await visitors.context(MEMBER)).new_page()
        for reference in (foreign["id"], "00000000-0000-7000-8000-000000000000"):
            answer = await page.goto(visitors.address(org, f"/support/{reference}"))
            assert answer
            assert answer.status == 404
            assert "Secret matter" not in await page.content()

    async def test_an_org_of_strangers_is_not_found(self, console: Console, visitors: Visitors, guard: Guard):
        guard.expect_statuses({404})
        page = await (await visitors.context(MEMBER)).new_page()
        answer = await page.goto(f"{console.url}/en/org/brightside/support")
        assert answer
        assert answer.status == 404

    async def test_a_visitor_signs_in_and_comes_back_to_the_same_page(
        self, console: Console, orgs: Orgs, visitors: Visitors
    ):
        page = await (await visitors.context()).new_page()
        await page.goto(visitors.address(orgs.rich, "/support?q=zeppelin"))
        await expect(page).to_have_url(re.compile("/dev/authorize"))
        await (
            page.get_by_role("button", name=re.compile(MEMBER.name))
            .or_(page.get_by_role("link", name=re.compile(MEMBER.name)))
            .click()
        )
        await expect(page).to_have_url(visitors.address(orgs.rich, "/support?q=zeppelin"))
