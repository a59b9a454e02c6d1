"""Visitors of the console: a signed-in browser context each, the errors of its pages, and axe-core on them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError

from tests.browser.console import Console
from tests.browser.people import NEWCOMER, OrgUnderTest, Person

ERRORS = {"error", "warning"}
# Reported by the browser itself for every answer of 400 and above; tests that provoke one name its status.
_REFUSED = re.compile(r"Failed to load resource: the server responded with a status of (\d{3})")
_UNREACHED = re.compile(
    r"Failed to fetch|net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INTERNET_DISCONNECTED|"
    r"INCOMPLETE_CHUNKED_ENCODING|FAILED|NETWORK_CHANGED)"
)


class Guard:
    """Attached to every context of a test; `complaints` must be empty at its end."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._statuses: set[int] = {422}  # a form with messages at its fields is an ordinary answer
        self._server_may_be_away = False
        self._violations_expected = False
        self.complaints: list[str] = []
        self.violations: list[str] = []

    def expect_violations(self) -> None:
        """The test provokes the content policy; what it refused is kept in `violations`."""
        self._violations_expected = True

    def expect_statuses(self, statuses: Iterable[int]) -> None:
        """These answers are what the test is about."""
        self._statuses |= set(statuses)

    def expect_no_server(self) -> None:
        """The test takes the server or the network away."""
        self._server_may_be_away = True
        self.expect_statuses({502, 503, 504})

    def watch(self, context: BrowserContext) -> None:
        context.on("request", self._on_request)
        context.on("console", self._on_console)
        context.on("weberror", self._on_error)
        context.on("page", self._on_page)

    def _on_page(self, page: Page) -> None:
        page.on("crash", lambda _: self.complaints.append(f"crashed: {page.url}"))

    def _on_error(self, error: WebError) -> None:
        if not self._expected(str(error.error)):
            self.complaints.append(f"uncaught: {error.error}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.netloc != self._host:
            self.complaints.append(f"request to another host: {request.url}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ERRORS and not self._expected(message.text):
            self.complaints.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _expected(self, text: str) -> bool:
        if self._violations_expected and "Content Security Policy" in text:
            self.violations.append(text)
            return True
        refused = _REFUSED.search(text)
        if refused:
            return int(refused[1]) in self._statuses
        return self._server_may_be_away and bool(_UNREACHED.search(text))


_AXE = Axe()
_SETTLED = """() => Promise.allSettled(
    document.getAnimations().filter(animation => Number.isFinite(animation.effect?.getComputedTiming().endTime))
        .map(animation => animation.finished))"""
_LISTEN = """() => {
    window.heard = [];
    const live = document.querySelector("#live");
    new MutationObserver(() => window.heard.push(live.textContent)).observe(live, { childList: true });
}"""
_SHOWS = "theme => document.documentElement.classList.contains('dark') === (theme === 'dark')"


async def settled(page: Page) -> None:
    """Return when nothing on the page moves any more."""
    await page.evaluate(_SETTLED)


async def assert_no_findings(page: Page) -> None:
    """In both themes; the page follows the system from one to the other."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        await page.wait_for_function(_SHOWS, arg=theme)
        await assert_no_findings_as_it_is(page)


async def assert_no_findings_as_it_is(page: Page) -> None:
    """Running transitions are waited for: half-faded text has no contrast."""
    await settled(page)
    results = (await _AXE.run(page)).response
    findings = [
        f"{finding['id']}: {finding['help']}\n    {node['html'][:300]}\n    {node['failureSummary']}"
        for finding in results["violations"]
        for node in finding["nodes"]
    ]
    assert not findings, f"{page.url}\n" + "\n".join(findings)


async def listen(page: Page) -> None:
    """Remember from now on what is announced: what follows at once replaces it on the page."""
    await page.evaluate(_LISTEN)


async def expect_heard(page: Page, text: str) -> None:
    """An announcement that the regular expression finds, since `listen`."""
    await page.wait_for_function("text => window.heard.some(said => new RegExp(text).test(said))", arg=text)


async def spoken(page: Page) -> list[str]:
    """The texts of the live regions in the browser's own tree for screen readers: of none that is hidden or inert."""
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    texts = [_text(node, by_id) for node in nodes if not node["ignored"] and _is_live(node)]
    return [text for text in texts if text]


def _is_live(node: dict[str, Any]) -> bool:
    """Of a region itself: what is inside has the property too."""
    properties = {property_["name"]: property_["value"] for property_ in node.get("properties", ())}
    return properties.get("live", {}).get("value") in {"polite", "assertive"}


def _text(node: dict[str, Any], by_id: dict[str, Any]) -> str:
    if node.get("role", {}).get("value") == "StaticText":
        return str(node["name"]["value"])
    below = (by_id[child] for child in node.get("childIds", ()) if child in by_id)
    return " ".join(text for text in (_text(child, by_id) for child in below) if text)


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
