"""What a plan shows: no menu entry on Free, an upgrade that arrives, the usage meter."""

from __future__ import annotations

import re

import pytest
from opsdash_contracts.workspace import Plate
from playwright.async_api import expect

from tests.browser.conftest import Open, Orgs
from tests.browser.console import Console
from tests.browser.pages import TicketList
from tests.browser.people import ADMIN, MEMBER
from tests.browser.visitors import Guard, Visitors


class TestFreePlate:
    async def test_there_is_no_support_entry(self, orgs: Orgs, open_page: Open):
        page = await open_page(orgs.free, "/dashboard")
        sidebar = page.get_by_role("complementary", name="Workspace")
        await expect(sidebar.get_by_role("link", name="Dashboard")).to_be_visible()
        await expect(sidebar.get_by_role("link", name="Support")).to_have_count(0)
        await expect(page.get_by_role("heading", name="Insights")).to_have_count(0)

    async def test_its_address_names_the_plates_and_only_admins_can_upgrade(
        self, orgs: Orgs, visitors: Visitors, guard: Guard
    ):
        guard.expect_statuses({403})
        upgrade = re.compile("plates|upgrade", re.IGNORECASE)
        for person, buttons in ((MEMBER, 0), (ADMIN, 1)):
            page = await (await visitors.context(person)).new_page()
            answer = await page.goto(visitors.address(orgs.free))
            assert answer
            assert answer.status == 403
            main = page.get_by_role("main")
            for plate, cap in (("Sales", "500"), ("Growth", "1,000"), ("Full Loop", "2,000"), ("Agency", "10,000")):
                await expect(main).to_contain_text(plate)
                await expect(main).to_contain_text(cap)
            await expect(main.get_by_role("link", name=upgrade)).to_have_count(buttons)

    async def test_an_upgrade_makes_support_appear(self, console: Console, open_page: Open):
        org = await console.new_org("upgraded", Plate.SALES)
        await console.sync([org.on_plate(Plate.FREE, 2)])
        await console.until_plate(org, Plate.FREE)
        page = await open_page(org, "/dashboard")
        entry = page.get_by_role("complementary", name="Workspace").get_by_role("link", name="Support")
        await expect(entry).to_have_count(0)
        await console.sync([org.on_plate(Plate.GROWTH, 3)])
        await console.until_plate(org, Plate.GROWTH)
        await page.reload()
        await entry.click()
        await expect(TicketList(page).new).to_be_visible()


@pytest.mark.parametrize(("which", "used", "word"), [("near", 400, "near"), ("full", 500, "full")])
async def test_the_meter_shows_what_is_used_and_warns_from_80_percent(
    orgs: Orgs, open_page: Open, which: str, used: int, word: str
):
    page = await open_page(getattr(orgs, which))
    usage = page.locator(".usage")
    await expect(usage).to_contain_text(f"{used} / 500")
    await expect(usage).to_have_class(re.compile(r"\b(near|full|warn|bad|amber)"))
    gauge = usage.locator("progress, meter")
    assert await gauge.evaluate("gauge => [gauge.value, gauge.max]") == [used, 500]


async def test_far_from_the_cap_the_meter_is_calm(orgs: Orgs, open_page: Open):
    usage = (await open_page(orgs.rich)).locator(".usage")
    await expect(usage).to_contain_text("64 / 10,000")
    await expect(usage).not_to_have_class(re.compile(r"\b(near|full|warn|bad|amber)"))
