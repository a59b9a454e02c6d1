"""How the tests find things in the console: by the names people and screen readers know them by."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Dialog, Locator, Page, Route, expect


@dataclass
class TicketList:
    """The queue: its rows, search, filters, views."""

    page: Page

    @property
    def rows(self) -> Locator:
        return self.page.locator("tr[data-ticket]")

    @property
    def search(self) -> Locator:
        return self.page.get_by_role("searchbox")

    @property
    def more(self) -> Locator:
        return self.page.get_by_role("button", name="Load more")

    @property
    def new(self) -> Locator:
        return self.page.get_by_role("main").get_by_role("link", name="New ticket")

    def row(self, ticket: Any) -> Locator:
        return self.page.locator(f"#ticket-{ticket['id']}")

    def link(self, ticket: Any) -> Locator:
        return self.row(ticket).get_by_role("link").first

    def header(self, column: str) -> Locator:
        return self.page.get_by_role("columnheader", name=column)

    async def sort_by(self, column: str) -> None:
        """Return when the list is sorted so: the address says it before the rows are there."""
        sorted_before = await self.header(column).get_attribute("aria-sort")
        await self.header(column).get_by_role("button").or_(self.header(column).get_by_role("link")).click()
        await expect(self.header(column)).not_to_have_attribute("aria-sort", sorted_before or "none")

    def view(self, name: str) -> Locator:
        return self.page.get_by_role("navigation", name="Views").get_by_role("link", name=name)

    async def count_of(self, view: str) -> int:
        """The number beside a view."""
        found = re.findall(r"\d+", (await self.view(view).inner_text()).replace(",", ""))
        return int(found[-1]) if found else 0

    async def numbers(self) -> list[int]:
        return list(await self.rows.evaluate_all("rows => rows.map(row => Number(row.dataset.number))"))

    async def choose(self, name: str, *options: str) -> None:
        """Open a filter, tick or untick options, close it again."""
        button = self.page.get_by_role("button", name=re.compile(rf"^{name}"))
        await button.click()
        for option in options:
            await self.page.locator(":popover-open").get_by_role("checkbox", name=option, exact=True).click()
        await self.page.keyboard.press("Escape")

    async def expect_total(self, total: int) -> None:
        await expect(self.page.locator("#shown")).to_have_text(re.compile(rf"Showing \d+ of {total}\b"))


@dataclass
class CreateDialog:
    """The dialog for a new ticket."""

    page: Page

    @property
    def root(self) -> Locator:
        return self.page.get_by_role("dialog", name="New ticket")

    @property
    def title(self) -> Locator:
        return self.root.get_by_label("Title")

    @property
    def submit(self) -> Locator:
        return self.root.get_by_role("button", name="Create ticket")

    async def open(self) -> CreateDialog:
        await TicketList(self.page).new.click()
        await expect(self.title).to_be_focused()
        return self

    async def create(self, title: str) -> None:
        await self.title.fill(title)
        await self.submit.click()
        await expect(self.root).to_be_hidden()


@dataclass
class Drawer:
    """The open ticket."""

    page: Page

    @property
    def root(self) -> Locator:
        return self.page.locator("#drawer")

    @property
    def heading(self) -> Locator:
        return self.root.get_by_role("heading", level=2).first

    @property
    def composer(self) -> Locator:
        return self.root.get_by_label("Write a comment")

    @property
    def comments(self) -> Locator:
        return self.root.get_by_role("article", name=re.compile("^Comment by"))

    @property
    def close(self) -> Locator:
        return self.root.get_by_role("link", name="Close")

    def field(self, label: str) -> Locator:
        return self.root.get_by_label(label, exact=True)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    async def open(self, ticket: Any) -> Drawer:
        await TicketList(self.page).link(ticket).click()
        await self.expect_open(ticket["title"])
        return self

    async def expect_open(self, title: str) -> None:
        await expect(self.root).to_be_visible()
        await expect(self.heading).to_have_text(title)

    async def send(self, text: str) -> None:
        await self.composer.fill(text)
        await self.button("Comment").click()
        await expect(self.composer).to_have_value("")


@dataclass
class EditDialog:
    """Title and description of the open ticket."""

    page: Page
    address: str = ""

    @property
    def root(self) -> Locator:
        return self.page.get_by_role("dialog", name=re.compile("^Edit ticket"))

    @property
    def title(self) -> Locator:
        return self.root.get_by_label("Title")

    @property
    def description(self) -> Locator:
        return self.root.get_by_label("Description")

    @property
    def save(self) -> Locator:
        return self.root.get_by_role("button", name="Save")

    @property
    def afresh(self) -> Locator:
        return self.root.get_by_role("button", name="Start afresh")

    async def open(self) -> EditDialog:
        self.address = urlsplit(self.page.url).path
        drawer = Drawer(self.page)
        await drawer.button("More actions").click()
        await drawer.root.get_by_text("Edit title and description").click()
        await expect(self.title).to_be_focused()
        return self


class Held:
    """Holds back every comment that is sent until it is released."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.sent = asyncio.Event()

    async def __call__(self, route: Route) -> None:
        self.sent.set()
        await self.release.wait()
        await route.fallback()


def rendered_choice(select: Locator) -> Locator:
    """What a select shows as chosen: its copy of the option, which is what people see where selects are styled."""
    return select.locator("selectedcontent")


async def slow_network(page: Page, milliseconds: int) -> None:
    """Every answer takes that long; races show only then."""
    session = await page.context.new_cdp_session(page)
    unlimited = {"downloadThroughput": -1, "uploadThroughput": -1}
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", {"offline": False, "latency": milliseconds, **unlimited})


@contextmanager
def question(page: Page, *, accept: bool) -> Iterator[list[str]]:
    """Answers the browser's own question inside the block; what it asked is in the list."""
    asked: list[str] = []

    async def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        await (dialog.accept() if accept else dialog.dismiss())

    page.on("dialog", answer)
    yield asked
    page.remove_listener("dialog", answer)
    assert asked, "nothing was asked"


def live(page: Page) -> Locator:
    """The words beside the dot."""
    return page.locator("#live-state")


def toast(page: Page, text: str | re.Pattern[str]) -> Locator:
    return page.locator("#toasts").get_by_text(text)


async def stays(page: Page) -> None:
    """Marks the document, for tests about things that change without a reload."""
    await page.evaluate("window.stillTheSameDocument = true")


async def expect_stayed(page: Page) -> None:
    assert await page.evaluate("window.stillTheSameDocument === true")


async def sideways_scroll(page: Page) -> int:
    """Pixels that the page is wider than its window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


async def expect_status(drawer: Drawer, text: str) -> None:
    await expect(rendered_choice(drawer.field("Status"))).to_have_text(text)
