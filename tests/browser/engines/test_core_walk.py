"""What a person does in an hour with the console, in every engine: each step is seen, not only sent."""

from __future__ import annotations

from contextlib import suppress

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.keys import Keys

from tests.browser.console import Console
from tests.browser.engines.conftest import PHONE, Walker
from tests.browser.people import COLLEAGUE, OWNER, OrgUnderTest

STATUS, COMPOSER, TOAST = "#property-status", "#composer-body", "#toasts"


async def test_each_row_opens_its_own_ticket_by_click_and_by_key(console: Console, org: OrgUnderTest, walker: Walker):
    tickets = [await console.ticket(org, f"Matter {name}") for name in ("one", "two", "three")]
    walker.go()
    for ticket in tickets:
        walker.open_by_click(ticket)
        walker.close()
    walker.keys("j")
    walker.keys(Keys.ENTER)
    walker.sees("#drawer-title", "Matter two")
    walker.keys("j")
    walker.sees("#drawer-title", "Matter one")
    walker.close()


async def test_a_change_is_shown_and_said(console: Console, org: OrgUnderTest, walker: Walker):
    ticket = await console.ticket(org, "To be worked on")
    walker.go()
    walker.open_by_click(ticket)
    walker.choose(STATUS, "in_progress")
    walker.until("in progress", lambda: "In progress" in walker.chosen(STATUS))
    walker.sees(walker.row(ticket), "In progress")
    walker.click(".btn.resolve")
    walker.until("resolved", lambda: "Resolved" in walker.chosen(STATUS))
    walker.close()
    found = await console.as_(OWNER, "GET", f"/api/orgs/{org.slug}/tickets/{ticket['id']}")
    assert found["status"] == "resolved"


async def test_menus_are_painted_and_escape_closes_only_them(console: Console, org: OrgUnderTest, walker: Walker):
    ticket = await console.ticket(org, "With menus")
    walker.go()
    for menu in ("filter-status", "filter-priority", "user-menu"):
        walker.click(f"[popovertarget={menu}]")
        walker.is_painted(f"#{menu}")
        walker.keys(Keys.ESCAPE)
        walker.is_gone(f"#{menu}")
    walker.click(f"{walker.row(ticket)} [data-select]")
    walker.click("[popovertarget=bulk-status]")
    walker.is_painted("#bulk-status")
    walker.keys(Keys.ESCAPE)
    walker.open_by_click(ticket)
    walker.click("[popovertarget=sla-edit]")
    walker.is_painted("#sla-edit")
    walker.keys(Keys.ESCAPE)
    walker.is_gone("#sla-edit")
    walker.sees("#drawer-title", "With menus")


async def test_a_comment_with_a_mention(console: Console, org: OrgUnderTest, walker: Walker):
    ticket = await console.ticket(org, "To be discussed")
    walker.go()
    walker.open_by_click(ticket)
    box = walker.one(COMPOSER)
    before = box.size["height"]
    box.send_keys("First line" + Keys.ENTER + "second" + Keys.ENTER + "third" + Keys.ENTER + "fourth @max")
    walker.until("the box grows", lambda: walker.one(COMPOSER).size["height"] > before)
    walker.until("the list of people", lambda: COLLEAGUE.name in walker.driver.page_source)
    walker.sees("[role=listbox]", COLLEAGUE.name)
    box.send_keys(Keys.ENTER)
    walker.until("the mention", lambda: COLLEAGUE.name in (walker.one(COMPOSER).get_attribute("value") or ""))
    box.send_keys(Keys.CONTROL + Keys.ENTER)
    walker.sees("#panel-comments article", "second")
    found = await console.as_(OWNER, "GET", f"/api/orgs/{org.slug}/tickets/{ticket['id']}/comments")
    (comment,) = found["items"]
    assert [person["name"] for person in comment["mentions"]] == [COLLEAGUE.name]


async def test_tickets_are_created_in_the_dialog_and_on_the_page(org: OrgUnderTest, walker: Walker):
    walker.go()
    walker.click("main [data-new-ticket]")
    walker.one("#dialog [name=title]").send_keys("From the dialog")
    walker.click("#dialog button.primary")
    walker.sees("tr[data-ticket]", "From the dialog")
    walker.sees(TOAST, "created")
    height = walker.one(TOAST).size["height"]
    assert height < 200, "a notice covers the page"
    walker.go("/support/new")
    walker.one("[name=title]").send_keys("From the page")
    walker.click("main form button.primary")
    walker.sees("body", "From the page")
    assert "undefined" not in walker.driver.current_url


async def test_what_another_person_changes_appears(console: Console, org: OrgUnderTest, walker: Walker):
    ticket = await console.ticket(org, "Watched")
    walker.go()
    walker.sees(walker.row(ticket), "Watched")
    await console.change(org, ticket, by=COLLEAGUE, title="Renamed elsewhere")
    walker.sees(walker.row(ticket), "Renamed elsewhere")


async def test_on_a_phone_in_spanish_and_in_the_dark(console: Console, org: OrgUnderTest, walker: Walker):
    ticket = await console.ticket(org, "Small")
    walker.go(locale="es")
    walker.click("[popovertarget=user-menu]")
    walker.click("label:has([data-theme-choice=dark]), label:has([value=dark])")
    dark = "return getComputedStyle(document.documentElement).colorScheme"
    walker.until("dark", lambda: walker.driver.execute_script(dark) == "dark")
    walker.driver.set_window_rect(0, 0, *PHONE)
    walker.go(locale="es")
    assert walker.driver.execute_script("return document.documentElement.lang") == "es"
    assert walker.driver.execute_script(dark) == "dark"
    for menu in ("filter-status", "filter-sla"):
        walker.click(f"[popovertarget={menu}]")
        walker.is_painted(f"#{menu}")
        walker.keys(Keys.ESCAPE)
    walker.one(f"{walker.row(ticket)} a").click()
    walker.sees("#drawer-title", "Small")
    wider = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert walker.driver.execute_script(wider) == 0
    walker.close()
    walker.driver.set_window_rect(0, 0, 1440, 900)


async def test_the_end_of_a_session_is_said(console: Console, org: OrgUnderTest, walker: Walker):
    ticket = await console.ticket(org, "Left open")
    walker.go()
    walker.open_by_click(ticket)
    composer = walker.one(COMPOSER)
    composer.send_keys("Still here")
    walker.driver.delete_all_cookies()
    with suppress(StaleElementReferenceException, NoSuchElementException):  # the live stream may find out first
        composer.send_keys(Keys.CONTROL + Keys.ENTER)
    walker.sees("body", "Sign in")
