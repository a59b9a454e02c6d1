"""Naming people in a comment: whoever is meant is mentioned, on any line and at any speed of typing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.console import Console
from tests.browser.pages import Drawer, slow_network
from tests.browser.people import COLLEAGUE, MEMBER, OrgUnderTest


@pytest.fixture
async def ticket(console: Console, org: OrgUnderTest) -> Any:
    return await console.ticket(org, "Printer on fire")


async def mentioned(console: Console, org: OrgUnderTest, ticket: Any) -> list[tuple[str, list[str]]]:
    path = f"/api/orgs/{org.slug}/tickets/{ticket['id']}/comments"
    comments = (await console.as_(MEMBER, "GET", path))["items"]
    return [(comment["body"], [person["name"] for person in comment["mentions"]]) for comment in comments]


@pytest.mark.parametrize("latency", [0, 150, 500])
async def test_a_name_and_enter_typed_without_a_pause(
    console: Console, org: OrgUnderTest, ticket: Any, open_page: Open, latency: int
):
    page = await open_page(org)
    drawer = await Drawer(page).open(ticket)
    await slow_network(page, latency)
    await drawer.composer.focus()
    await page.keyboard.type("Ask @max")
    await page.keyboard.press("Enter")
    await page.keyboard.type("please")
    await expect(drawer.composer).to_have_value(f"Ask @{COLLEAGUE.name} please")
    await page.keyboard.press("Control+Enter")
    await expect(drawer.comments).to_have_count(1)
    assert await mentioned(console, org, ticket) == [(f"Ask @{COLLEAGUE.name} please", [COLLEAGUE.name])]


async def test_nobody_of_that_name_makes_the_key_what_it_is(org: OrgUnderTest, ticket: Any, open_page: Open):
    page = await open_page(org)
    drawer = await Drawer(page).open(ticket)
    await slow_network(page, 150)
    await drawer.composer.focus()
    await page.keyboard.type("See @zzz")
    await page.keyboard.press("Enter")
    await page.keyboard.type("there")
    await expect(drawer.composer).to_have_value("See @zzz\nthere")


async def test_the_list_belongs_to_what_is_typed_now(org: OrgUnderTest, ticket: Any, open_page: Open):
    page = await open_page(org)
    drawer = await Drawer(page).open(ticket)
    await drawer.composer.focus()
    await page.keyboard.type("@mia")
    people = drawer.root.get_by_role("option", name=MEMBER.name)
    await expect(people).to_be_visible()
    await slow_network(page, 300)
    for _ in "mia":
        await page.keyboard.press("Backspace")
    await page.keyboard.type("max")
    await page.keyboard.press("Enter")
    await expect(drawer.composer).to_have_value(f"@{COLLEAGUE.name} ")
