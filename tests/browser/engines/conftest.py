"""One stack behind HTTPS, and one window of each engine that is on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.browser.console import Console, running_console
from tests.browser.engines.drivers import ENGINES, driven, need_of
from tests.browser.engines.encrypted import encrypted
from tests.browser.engines.walking import Walker
from tests.browser.people import MEMBER, OrgUnderTest
from tests.deploy.package_index import make_authority
from tests.support.databases import ServiceDatabase


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
