"""Fixtures of the console's tests: one stack, one browser, the orgs, and a guarded context for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from opsdash_contracts.workspace import Plate
from opsdash_local.postgres import EmbeddedPostgres
from playwright.async_api import Browser, Page, expect

from tests.browser import browsers
from tests.browser.console import Console, running_console
from tests.browser.people import COLLEAGUE, CONTACTS, MEMBER, OWNER, PROJECTS, OrgUnderTest
from tests.browser.visitors import Guard, Visitors
from tests.support.databases import ServiceDatabase
from tests.support.sla import Seed, insert_tickets

RICH_TICKETS = 64
BREACHED = 4
STATUSES = ("open", "in_progress", "waiting", "resolved", "closed")
ACTIVE = ",".join(STATUSES[:3])
"""What a list without a view shows."""
PRIORITIES = ("urgent", "high", "medium", "low")
CATEGORIES = ("general", "billing", "technical", "account", "feature_request")
SALES_CAP = 500


@dataclass(frozen=True)
class Orgs:
    """`rich` has 64 tickets in all states, the newest of them overdue ones."""

    rich: OrgUnderTest
    empty: OrgUnderTest
    near: OrgUnderTest
    full: OrgUnderTest
    free: OrgUnderTest
    foreign: OrgUnderTest


async def seed(console: Console) -> Orgs:
    rich, foreign = OrgUnderTest("rich"), OrgUnderTest("foreign")
    made = Orgs(
        rich=rich,
        foreign=foreign,
        empty=OrgUnderTest("empty"),
        near=OrgUnderTest("near", Plate.SALES),
        full=OrgUnderTest("full", Plate.SALES),
        free=OrgUnderTest("free", Plate.FREE),
    )
    every = [rich, foreign, made.empty, made.near, made.full, made.free]
    await console.sync([line for org in every for line in org.lines()])
    for org in every[:-1]:
        await console.until_plate(org, org.plate)
        await console.until_known(org)
    await asyncio.gather(fill(console, made.near, SALES_CAP * 8 // 10), fill(console, made.full, SALES_CAP))
    await queue(console, rich)
    return made


async def fill(console: Console, org: OrgUnderTest, count: int) -> None:
    """Hundreds of tickets as the service would have written them, without an event each."""
    connection = await asyncpg.connect(console.databases["tickets"].worker_url)
    try:
        seeds = [Seed(due_in=None) for _ in range(count)]
        await insert_tickets(connection, seeds, org_id=org.id, created_by=OWNER.user_id, publish=False)
    finally:
        await connection.close()


async def queue(console: Console, org: OrgUnderTest) -> None:
    """In order; the last ones are overdue and stay unfinished."""
    for number in range(1, RICH_TICKETS + 1 - BREACHED):
        await console.ticket(org, **_fields(org, number))
    for number in range(BREACHED):
        late = await console.overdue_ticket(org, f"Overdue matter {number + 1}", priority="urgent")
    await console.comment(org, late, "We are on it.", by=COLLEAGUE)


def _fields(org: OrgUnderTest, number: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "title": f"Matter number {number:03}",
        "description": f"Details of matter {number}." + (" It concerns the zeppelin." if number % 10 == 0 else ""),
        "status": STATUSES[number % len(STATUSES)],
        "priority": PRIORITIES[number % len(PRIORITIES)],
        "category": CATEGORIES[number % len(CATEGORIES)],
        "contact_id": org.known("contact", CONTACTS[number % len(CONTACTS)]),
    }
    if number % 2:
        fields["assignee_id"] = str((MEMBER if number % 4 == 1 else COLLEAGUE).user_id)
    if number % 3 == 0:
        fields["project_id"] = org.known("project", PROJECTS[number % len(PROJECTS)])
    return fields


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
    async with browsers.launched_chromium() as started:
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
