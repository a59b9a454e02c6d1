"""People in front of the console: a browser context each, signed in the way people sign in."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.console import Console
from tests.browser.guard import Guard
from tests.browser.people import NEWCOMER, OrgUnderTest, Person

PATIENCE_MILLISECONDS = 30_000
WINDOW = {"width": 1440, "height": 900}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Visitors:
    """Opens pages; every context is guarded and closed at the end of the test."""

    def __init__(self, browser: Browser, console: Console, guard: Guard, signed_in: dict[Person, Any]) -> None:
        self._browser = browser
        self._console = console
        self._guard = guard
        self._signed_in = signed_in
        self._contexts: list[BrowserContext] = []

    async def open(
        self, org: OrgUnderTest, path: str = "/support", person: Person | None = None, *, locale: str = "en",
        **options: Any,
    ) -> Page:  # fmt: skip
        """A page of an org in a window of its own; `options` are those of a Playwright context."""
        context = await self.context(person, **options)
        page = await context.new_page()
        await page.goto(self.address(org, path, locale))
        return page

    def address(self, org: OrgUnderTest, path: str = "/support", locale: str = "en") -> str:
        return f"{self._console.url}/{locale}/org/{org.slug}{path}"

    async def context(self, person: Person | None = None, **options: Any) -> BrowserContext:
        """Signed in as that person, or as nobody."""
        if person is not None:
            options["storage_state"] = await self._state_of(person)
        return await self._new_context(**options)

    async def leave(self) -> None:
        for context in self._contexts:
            await context.close()

    async def _state_of(self, person: Person) -> Any:
        if person not in self._signed_in:
            context = await self._new_context()
            page = await context.new_page()
            await sign_in(page, self._console.url, person.name)
            if person is not NEWCOMER:
                await decline_tour(page)
            self._signed_in[person] = await context.storage_state()
            await context.close()
            self._contexts.remove(context)
        return self._signed_in[person]

    async def _new_context(self, **options: Any) -> BrowserContext:
        context = await self._browser.new_context(**({"viewport": WINDOW, "locale": "en-GB"} | options))
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        self._guard.watch(context)
        self._contexts.append(context)
        return context


async def decline_tour(page: Page) -> None:
    """Once and for all; it would lie over what tests look at."""
    offer = page.get_by_role("button", name="Not now")
    if await offer.is_visible():
        async with page.expect_response(lambda response: "preferences" in response.url):
            await offer.click()


async def sign_in(page: Page, url: str, name: str) -> None:
    """Through the sign-in page and the development issuer, as on a developer's machine."""
    await page.goto(f"{url}/en/sign-in")
    await page.get_by_role("link", name=name).click()
    await page.wait_for_url(lambda url: "/sign-in" not in url and "/dev/" not in url)
