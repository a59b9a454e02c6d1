"""One stack and one org with some tickets, before which every generated client makes the same walk.

It runs on Apache Kafka where Java is there, for the clients of Kafka.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.settings import APACHE, EMBEDDED

from tests.browser.console import Console, running_console
from tests.browser.people import COLLEAGUE, CONTACTS, MEMBER, PROJECTS, OrgUnderTest
from tests.clients.tools import JAVA, MISSING
from tests.support.databases import ServiceDatabase
from tests.support.eventually import eventually

HERE = Path(__file__).parent
#: The first time everything is downloaded.
TEST_SECONDS = 1200


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make test-clients` runs them, not `make test`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.clients)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@dataclass(frozen=True)
class Scene:
    """`watched` is a ticket with something in its ledger; `document` is what the gateway serves."""

    console: Console
    org: OrgUnderTest
    watched: dict[str, Any]
    document: Path

    async def environment(self) -> dict[str, str]:
        return {
            "OPSDASH_URL": self.console.url,
            "OPSDASH_TOKEN": await self.console.token(MEMBER),
            "OPSDASH_ORG": self.org.slug,
            "OPSDASH_TICKET": str(self.watched["number"]),
        }

    async def get(self, path: str) -> Any:
        return await self.console.as_(MEMBER, "GET", f"/api/orgs/{self.org.slug}/{path}")

    async def entries(self) -> list[str]:
        return [entry["kind"] for entry in (await self.get(f"tickets/{self.watched['number']}/sla"))["entries"]]


@pytest.fixture(scope="session")
async def scene(
    postgres_server: EmbeddedPostgres,
    templates: dict[str, ServiceDatabase],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("clients")
    kafka = EMBEDDED if MISSING[JAVA]() else APACHE
    async with running_console(postgres_server, templates, folder, kafka=kafka) as console:
        org = await console.new_org("clients")
        async with console.session.get(f"{console.url}/schema/openapi.json") as answer:
            (folder / "openapi.json").write_text(json.dumps(await answer.json(content_type=None)))
        everything = {
            "description": "It **smokes**.",
            "assignee_id": str(COLLEAGUE.user_id),
            "contact_id": org.known("contact", CONTACTS[0]),
            "project_id": org.known("project", PROJECTS[0]),
        }
        watched = await console.ticket(org, "With everything", **everything)
        await console.overdue_ticket(org)
        await console.ticket(org, "Finished", status="resolved")
        made = Scene(console, org, watched, folder / "openapi.json")
        await eventually(made.entries, bool)
        yield made
