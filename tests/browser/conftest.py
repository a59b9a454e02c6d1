"""One stack and one browser for all tests of the console, one guarded context for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from opsdash_chassis.topics import create_topics
from opsdash_local.environment import Environments
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.secret_store import SecretStore
from opsdash_local.settings import Ports, StackSettings
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser import chromium
from tests.browser.console import Console, all_ready, start_services
from tests.browser.guard import Guard
from tests.browser.people import MEMBER, OrgUnderTest
from tests.browser.seeding import Orgs, seed
from tests.browser.visitors import Visitors
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.ports import free_block
from tests.support.stack import PARTITIONS

HERE = Path(__file__).parent
# How long a state may take on a busy machine; a test that finds it waits no longer than it takes.
WAIT_MILLISECONDS = 20_000
TEST_SECONDS = 300

Open = Callable[..., Awaitable[Page]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first one starts everything."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
async def console(
    postgres_server: EmbeddedPostgres,
    tickets_template: ServiceDatabase,
    comments_template: ServiceDatabase,
    sla_template: ServiceDatabase,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Console]:
    """Everything `make run` starts, on databases of its own."""
    folder = tmp_path_factory.mktemp("console")
    settings = StackSettings(data=folder, ports=Ports(free_block()), partitions=PARTITIONS)
    kafka = EmbeddedKafka(settings.ports.kafka, log_file=folder / "kafka.log")
    kafka.start()
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
    templates = {"tickets": tickets_template, "comments": comments_template, "sla-monitor": sla_template}
    databases = {name: await clone(name, template) for name, template in templates.items()}
    environments = Environments(settings, SecretStore(folder / "secrets.json"), postgres_server.admin_url)
    services = start_services(environments, {name: made.environment for name, made in databases.items()}, folder)
    try:
        await all_ready(services)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            yield Console(environments, services, session, databases)
    finally:
        for service in services.values():
            service.sigkill()
        kafka.kill()
        for database in databases.values():
            await drop(database)


@pytest.fixture(scope="session")
async def orgs(console: Console) -> Orgs:
    """The orgs that no test changes."""
    return await seed(console)


@pytest.fixture
async def org(console: Console) -> OrgUnderTest:
    """An empty org of the test's own."""
    return await console.new_org(f"org-{uuid4().hex[:8]}")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=WAIT_MILLISECONDS)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium.program(chromium.LIGHTEST_FIRST), args=chromium.arguments(), chromium_sandbox=False
        )
        yield started
        await started.close()


@pytest.fixture
def guard(console: Console) -> Guard:
    return Guard(console.url)


@pytest.fixture(scope="session")
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
