"""Fixtures of the walk through every engine: a stack behind HTTPS, a window, and steps that wait for what they need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, TypeVar

import pytest
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres
from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.browsers import ENGINES, driven, need_of
from tests.browser.console import Console, running_console
from tests.browser.people import MEMBER, OrgUnderTest
from tests.support.databases import ServiceDatabase
from tests.support.http_servers import encrypted, make_authority

WAIT_SECONDS = 30
PHONE = (390, 844)
T = TypeVar("T")

#: A menu that is open but not painted has something else at its middle; nothing of one lies beside the window.
_ON_TOP = """
const box = arguments[0].getBoundingClientRect();
const hit = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
return box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= innerWidth
    && hit !== null && arguments[0].contains(hit)
    && Number(getComputedStyle(arguments[0]).opacity) === 1;
"""


class Walker:
    """One person in one browser window."""

    def __init__(self, driver: WebDriver, url: str, org: str) -> None:
        self.driver = driver
        self._url = url
        self._org = org

    def until(self, what: str, found: Callable[[], T | None]) -> T:
        """The first true answer; elements that are being replaced are looked for again."""
        passing = (NoSuchElementException, StaleElementReferenceException)
        try:
            return WebDriverWait(self.driver, WAIT_SECONDS, 0.1, passing).until(lambda _: found())  # type: ignore[return-value]
        except TimeoutException:
            shown = self.driver.execute_script("return document.body.innerText")
            raise AssertionError(f"not seen: {what}\nat {self.driver.current_url}\n{shown[:2000]}") from None

    def one(self, selector: str) -> WebElement:
        """The first element of a selector that is shown."""
        return self.until(selector, lambda: next((found for found in self.all(selector) if found.is_displayed()), None))

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector: str) -> None:
        def clicked() -> bool:
            next(found for found in self.all(selector) if found.is_displayed()).click()
            return True

        try:
            self.until(f"something to click at {selector}", clicked)
        except StopIteration:
            self.one(selector).click()

    def keys(self, *keys: str) -> None:
        """Typed at whatever has the focus."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def sees(self, selector: str, text: str) -> None:
        self.until(f"{text!r} in {selector}", lambda: any(text in _shown(found) for found in self.all(selector)))

    def is_gone(self, selector: str) -> None:
        self.until(f"{selector} gone", lambda: not any(found.is_displayed() for found in self.all(selector)))

    def is_painted(self, selector: str) -> None:
        """Shown, opaque, not under anything else, and between the sides of the window."""
        self.until(f"{selector} painted", lambda: self.driver.execute_script(_ON_TOP, self.one(selector)))

    def go(self, path: str = "/support", locale: str = "en") -> None:
        self.driver.get(f"{self._url}/{locale}/org/{self._org}{path}")

    def sign_in(self, name: str) -> None:
        self.driver.get(f"{self._url}/en/sign-in")
        self.until(name, lambda: self.driver.find_element(By.PARTIAL_LINK_TEXT, name)).click()
        self.until("signed in", lambda: "/org/" in self.driver.current_url)

    def row(self, ticket: Any) -> str:
        return f"#ticket-{ticket['id']}"

    def open_by_click(self, ticket: Any) -> None:
        self.click(f"{self.row(ticket)} td:nth-child(4)")
        self.sees("#drawer-title", ticket["title"])

    def close(self) -> None:
        self.keys(Keys.ESCAPE)
        self.is_gone("#drawer")

    def chosen(self, selector: str) -> str:
        return str(Select(self.one(selector)).first_selected_option.text).strip()

    def choose(self, selector: str, value: str) -> None:
        Select(self.one(selector)).select_by_value(value)


def _shown(found: WebElement) -> str:
    """Not the driver's own idea of a text: WebKit's gives none for a row whose cells are laid over by a link."""
    return str(found.get_property("innerText"))


@pytest.fixture(scope="package")
async def console(
    postgres_server: EmbeddedPostgres,
    templates: dict[str, ServiceDatabase],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Console]:
    folder, port = tmp_path_factory.mktemp("engines"), free_port()
    public_url = f"https://127.0.0.1:{port}"
    async with running_console(postgres_server, templates, folder, public_url=public_url) as console:
        with encrypted(console.environments.settings.ports.gateway, port, make_authority(folder).server):
            yield console


@pytest.fixture(
    scope="package", params=[pytest.param(name, marks=pytest.mark.needs(need_of(name))) for name in ENGINES]
)
def driver(request: pytest.FixtureRequest) -> Iterator[Any]:
    with driven(request.param) as started:
        yield started


@pytest.fixture
async def walker(driver: Any, console: Console, org: OrgUnderTest) -> AsyncIterator[Walker]:
    """A member of the org who is signed in and has seen the tour."""
    await console.as_(MEMBER, "PATCH", "/api/me/preferences", {"tour_seen": True})
    walker = Walker(driver, console.public_url, org.slug)
    walker.sign_in(MEMBER.name)
    yield walker
    driver.delete_all_cookies()
