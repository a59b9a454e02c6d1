"""One stack and one browser for all tests of the console, one guarded context for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from opsdash_local.postgres import EmbeddedPostgres
from playwright.async_api import Browser, Page, expect

from tests.browser import chromium
from tests.browser.console import Console, running_console
from tests.browser.guard import Guard
from tests.browser.people import MEMBER, OrgUnderTest
from tests.browser.seeding import Orgs, seed
from tests.browser.visitors import Visitors
from tests.support.databases import ServiceDatabase

HERE = Path(__file__).parent
ENGINES = HERE / "engines"
# How long a state may take on a busy machine; a test that finds it waits no longer than it takes.
WAIT_MILLISECONDS = 20_000
TEST_SECONDS = 300

Open = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first one starts everything. Those of other engines say themselves which they need."""
    for item in items:
        if item.path.is_relative_to(HERE):
            own = ENGINES in item.path.parents
            item.add_marker(pytest.mark.engines if own else pytest.mark.needs("chromium"))
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="package")
async def console(
    postgres_server: EmbeddedPostgres,
    templates: dict[str, ServiceDatabase],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Console]:
    async with running_console(postgres_server, templates, tmp_path_factory.mktemp("console")) as console:
        yield console


@pytest.fixture(scope="package")
async def orgs(console: Console) -> Orgs:
    """The orgs that no test changes."""
    return await seed(console)


@pytest.fixture
async def org(console: Console) -> OrgUnderTest:
    """An empty org of the test's own."""
    return await console.new_org(f"org-{uuid4().hex[:8]}")


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=WAIT_MILLISECONDS)
    async with chromium.launched() as started:
        yield started


@pytest.fixture
def guard(console: Console) -> Guard:
    return Guard(console.url)


@pytest.fixture(scope="package")
def signed_in() -> dict[Any, Any]:
    """What the browser keeps for each person after a real sign-in; made once."""
    return {}


@pytest.fixture
async def visitors(
    browser: Browser, console: Console, guard: Guard, signed_in: dict[Any, Any]
) -> AsyncIterator[Visitors]:
    """Signed-in people with a browser window each; whatever their pages complained about fails the test."""
    made = Visitors(browser, console, guard, signed_in)
    yield made
    await made.leave()
    assert not guard.complaints, "\n".join(guard.complaints)


@pytest.fixture
def open_page(visitors: Visitors) -> Open:
    """`await open_page(org, "/support")` as a member, or as anybody else with `as_=`."""

    async def opened(org: OrgUnderTest, path: str = "/support", as_: Any = MEMBER, **options: Any) -> Page:
        return await visitors.open(org, path, as_, **options)

    return opened
