"""The whole product as a person meets it: all services behind the gateway, wired as `make run` wires them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from opsdash_chassis.kafka.topics import create_topics
from opsdash_contracts.workspace import Plate
from opsdash_local.apache.node import ApacheKafka, Place
from opsdash_local.broker import BrokerProcess
from opsdash_local.environment import Environments
from opsdash_local.kafka import EmbeddedKafka
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.secret_store import SecretStore
from opsdash_local.services import GATEWAY, SERVICES
from opsdash_local.settings import EMBEDDED, Ports, StackSettings

from tests.browser.people import (
    COLLEAGUE,
    COMPANIES,
    CONTACTS,
    MEMBER,
    OWNER,
    PEOPLE,
    PROJECTS,
    OrgUnderTest,
    Person,
    people_file,
)
from tests.support.brokers import PARTITIONS
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.local_stack import free_block
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess, prepare

PSEUDO_LOCALE = "en-XA"
"""English that looks foreign; nobody but tests has it."""
_OWNER = {"OPSDASH_ORG_REQUESTS_PER_SECOND": "2000", "OPSDASH_ORG_REQUEST_BURST": "2000"}
# Tests click faster than people.
OWN_SETTINGS = {
    "gateway": {
        "OPSDASH_USER_REQUESTS_PER_SECOND": "2000",
        "OPSDASH_USER_REQUEST_BURST": "2000",
        "OPSDASH_LIVE_STREAMS_PER_USER": "200",
        "OPSDASH_PSEUDO_LOCALE": "true",
    },
    "tickets": _OWNER,
    "comments": _OWNER,
    "sla-monitor": {"OPSDASH_SWEEP_SECONDS": "1"},
}
_FIRST_REFUSAL = 300
_MAKE_OVERDUE = "UPDATE tickets SET sla_due_at = now() - interval '20 minutes' WHERE id = $1"


@dataclass
class Console:
    """Running services, and the API as each person may call it."""

    environments: Environments
    services: dict[str, ServiceProcess]
    session: aiohttp.ClientSession
    databases: dict[str, ServiceDatabase]
    public_url: str
    _tokens: dict[Person, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.environments.settings.gateway_url

    @property
    def gateway(self) -> ServiceProcess:
        return self.services[GATEWAY.name]

    async def new_org(self, slug: str, plate: Plate = Plate.AGENCY) -> OrgUnderTest:
        """An org that every service knows when this returns."""
        org = OrgUnderTest(slug, plate)
        await self.sync(org.lines())
        await self.until_plate(org, plate)
        await self.until_known(org)
        return org

    async def until_known(self, org: OrgUnderTest) -> None:
        """The tickets service has everybody and everything of an org: each of them arrives by itself."""
        for kind, entries in (
            ("members", PEOPLE),
            ("contacts", CONTACTS),
            ("companies", COMPANIES),
            ("projects", PROJECTS),
        ):
            await self._until_listed(f"/api/orgs/{org.slug}/{kind}", len(entries))

    async def _until_listed(self, path: str, count: int) -> None:
        async def answer() -> Any:
            return await self.as_(MEMBER, "GET", path, check=False)

        await eventually(answer, lambda found: len(found.get("items", ())) == count)

    async def until_plate(self, org: OrgUnderTest, plate: Plate) -> None:
        async def answer() -> Any:
            return await self.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/support", check=False)

        await eventually(answer, lambda support: support.get("plate") == plate)

    async def sync(self, lines: list[dict[str, Any]]) -> None:
        """Feed the workspace directory."""
        headers = {
            "Authorization": f"Bearer {self.environments.secrets.get('workspace_token')}",
            "Content-Type": "application/x-ndjson",
        }
        body = "\n".join(json.dumps(line) for line in lines)
        async with self.session.post(f"{self.url}/api/workspace/batch", data=body, headers=headers) as answer:
            assert answer.status < _FIRST_REFUSAL, await answer.text()

    async def token(self, person: Person) -> str:
        if person not in self._tokens:
            async with self.session.post(f"{self.url}/dev/token", json={"user_id": str(person.user_id)}) as answer:
                self._tokens[person] = (await answer.json())["access_token"]
        return self._tokens[person]

    async def as_(self, person: Person, method: str, path: str, body: Any = None, *, check: bool = True) -> Any:
        """The decoded answer of the public API; anything but success fails unless told otherwise."""
        headers = {"Authorization": f"Bearer {await self.token(person)}"}
        async with self.session.request(method, f"{self.url}{path}", json=body, headers=headers) as answer:
            text = await answer.text()
            assert not check or answer.status < _FIRST_REFUSAL, f"{method} {path}: {answer.status} {text}"
            return json.loads(text) if text else None

    async def ticket(self, org: OrgUnderTest, title: str = "A ticket", by: Person = MEMBER, **fields: Any) -> Any:
        return await self.as_(by, "POST", f"/api/orgs/{org.slug}/tickets", {"title": title, **fields})

    async def change(self, org: OrgUnderTest, ticket: Any, by: Person = MEMBER, **fields: Any) -> Any:
        return await self.as_(by, "PATCH", f"/api/orgs/{org.slug}/tickets/{ticket['id']}", fields)

    async def change_behind_the_gateway(self, org: OrgUnderTest, ticket: Any, **fields: Any) -> None:
        """Ask the owner itself while the gateway is down; with a token that was fetched before."""
        url = f"{self.services['tickets'].url}/orgs/{org.slug}/tickets/{ticket['id']}"
        headers = {"Authorization": f"Bearer {await self.token(COLLEAGUE)}"}
        async with self.session.patch(url, json=fields, headers=headers) as answer:
            assert answer.status < _FIRST_REFUSAL, await answer.text()

    async def overdue_ticket(self, org: OrgUnderTest, title: str = "Overdue matter", **fields: Any) -> Any:
        """Due dates must lie in the future when they are given, so this one is moved where it is stored."""
        made = await self.ticket(org, title, **fields)
        connection = await asyncpg.connect(self.databases["tickets"].worker_url)
        try:
            await connection.execute(_MAKE_OVERDUE, made["id"])
        finally:
            await connection.close()
        return await self.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/{made['id']}")

    async def remove(self, org: OrgUnderTest, ticket: Any) -> None:
        await self.as_(OWNER, "DELETE", f"/api/orgs/{org.slug}/tickets/{ticket['id']}")

    async def restore(self, org: OrgUnderTest, ticket: Any) -> None:
        await self.as_(OWNER, "POST", f"/api/orgs/{org.slug}/tickets/{ticket['id']}/restore")

    async def comment(self, org: OrgUnderTest, ticket: Any, body: str, by: Person = MEMBER, **fields: Any) -> Any:
        """Waits for the comments service to have heard of the ticket."""
        path = f"/api/orgs/{org.slug}/tickets/{ticket['id']}/comments"

        async def answer() -> Any:
            return await self.as_(by, "POST", path, {"body": body, **fields}, check=False)

        return await eventually(answer, lambda made: "id" in made)

    async def counted_comments(self, org: OrgUnderTest, ticket: Any, count: int) -> None:
        """Wait until the ticket's own service has heard of its comments."""

        async def answer() -> Any:
            return await self.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets/{ticket['id']}")

        await eventually(answer, lambda found: found["comment_count"] == count)

    async def counted(self, org: OrgUnderTest, **query: str) -> int:
        """How many tickets the API counts for a filter."""
        asked = "&".join(f"{name}={value}" for name, value in {**query, "count": "true", "limit": "1"}.items())
        return int((await self.as_(MEMBER, "GET", f"/api/orgs/{org.slug}/tickets?{asked}"))["total"])


def start_services(
    environments: Environments, databases: dict[str, dict[str, str]], logs: Path
) -> dict[str, ServiceProcess]:
    """All at once; `databases` says where each owner's own database is, and what else a service needs."""
    environments.people_file.write_text(json.dumps(people_file()), encoding="utf-8")
    prepare(*(service.program for service in SERVICES))
    return {
        service.name: ServiceProcess(
            service.name,
            environments.of(service) | databases.get(service.name, {}) | OWN_SETTINGS.get(service.name, {}),
            logs,
            program=service.program,
        ).start()
        for service in SERVICES
    }


async def all_ready(services: dict[str, ServiceProcess]) -> None:
    await asyncio.gather(*(service.ready() for service in services.values()))


def broker_of(settings: StackSettings) -> BrokerProcess:
    """The broker that was chosen, not yet started."""
    log_file = settings.data / "kafka.log"
    if settings.embedded_kafka:
        return EmbeddedKafka(settings.ports.kafka, log_file=log_file)
    place = Place(1, settings.ports.kafka, settings.ports.kafka_controller)
    return ApacheKafka(place, settings.data / "kafka", log_file=log_file)


@asynccontextmanager
async def running_console(
    server: EmbeddedPostgres,
    templates: dict[str, ServiceDatabase],
    folder: Path,
    *,
    public_url: str | None = None,
    kafka: str = EMBEDDED,
) -> AsyncIterator[Console]:
    """Everything `make run` starts, on databases of its own. `public_url` is what stands before the gateway."""
    settings = StackSettings(data=folder, ports=Ports(free_block()), partitions=PARTITIONS, kafka=kafka)
    broker = broker_of(settings)
    broker.start()
    await create_topics(broker.bootstrap_servers, partitions=PARTITIONS)
    databases = {name: await clone(name, template) for name, template in templates.items()}
    environments = Environments(settings, SecretStore(folder / "secrets.json"), server.admin_url)
    own = {name: made.environment for name, made in databases.items()}
    own[GATEWAY.name] = {"OPSDASH_PUBLIC_URL": public_url} if public_url else {}
    services = start_services(environments, own, folder)
    try:
        await all_ready(services)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            yield Console(environments, services, session, databases, public_url or settings.gateway_url)
    finally:
        for service in services.values():
            service.sigkill()
        broker.kill()
        for database in databases.values():
            await drop(database)
