"""Running tickets services for integration tests: whole stacks, one for a module, consumers of the feed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import requests
from hypothesis.stateful import RuleBasedStateMachine, initialize
from opsdash_chassis.kafka.topics import create_topics
from opsdash_chassis.settings import load_settings
from opsdash_contracts.workspace import Company, Plate
from opsdash_tickets.settings import TicketsSettings

from tests.integration.checks import DEAD_LETTERS, eventually, metric, query
from tests.support.brokers import PARTITIONS, Broker, Record, Witness, new_broker
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.http_servers import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import Client, Stack
from tests.support.workspace import Feed, OrgFixture, Workspace, company, message, seed


@asynccontextmanager
async def open_stack(
    template: ServiceDatabase,
    issuer: TestIssuer,
    folders: pytest.TempPathFactory,
    *,
    broker: Callable[[Path], Broker] = new_broker,
) -> AsyncIterator[Stack]:
    """Servers ready, directory seeded, no service started yet; everything ends with the block."""
    folder = folders.mktemp("stack")
    kafka = broker(folder)
    await asyncio.to_thread(kafka.start)
    started: list[ServiceProcess] = []

    def start(
        service: str,
        env: dict[str, str],
        *,
        name: str | None = None,
        fresh: bool = False,
        program: str | None = None,
    ) -> ServiceProcess:
        label = name or f"{service}-{len(started)}"
        started.append(ServiceProcess(service, env, folder, name=label, fresh=fresh, program=program).start())
        return started[-1]

    database = await clone("tickets", template)
    try:
        await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS, replication=kafka.replication)
        stack = Stack(database, kafka, issuer, start)
        await seed(database.worker_url, stack.workspace)
        yield stack
    finally:
        for process in started:
            process.sigkill()
        kafka.kill()
        await drop(database)


@asynccontextmanager
async def running(stack: Stack, **overrides: str) -> AsyncIterator[ServiceProcess]:
    """A ready tickets service that is gone when the block ends, however it ends."""
    service = await stack.tickets(**overrides)
    try:
        yield service
    finally:
        service.sigkill()


def settings_of(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> TicketsSettings:
    """What the tickets service of that stack would run with, for parts of it inside the test's own process."""
    for name, value in stack.tickets_environment.items():
        monkeypatch.setenv(name, value)
    return load_settings(TicketsSettings, stack.tickets_environment)


class SideBySide:
    """Scenarios that mostly wait for time-outs run together; each test awaits the outcome of its own."""

    def __init__(self, **scenarios: Coroutine[Any, Any, None]) -> None:
        self._tasks = {name: asyncio.create_task(scenario) for name, scenario in scenarios.items()}

    async def outcome(self, name: str) -> None:
        await self._tasks[name]

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


class Api:
    """The running service, and people to call it as."""

    def __init__(self, stack: Stack, service: ServiceProcess) -> None:
        self.stack = stack
        self.service = service
        self.ours = stack.workspace.ours
        self.foreign = stack.workspace.foreign
        self.free = stack.workspace.free
        self.path = f"/orgs/{self.ours.slug}/tickets"

    def as_(self, role: str, org: OrgFixture | None = None) -> Client:
        return self.stack.client(self.service, getattr(org or self.ours, role))

    async def new_org(self, org: OrgFixture) -> Client:
        """Add an org to the directory; returns its owner."""
        await seed(
            self.stack.database.worker_url, Workspace(org, OrgFixture(f"{org.slug}-x"), OrgFixture(f"{org.slug}-y"))
        )
        return self.as_("owner", org)


@asynccontextmanager
async def running_api(template: ServiceDatabase, issuer: TestIssuer, folder: Path) -> AsyncIterator[Api]:
    kafka = new_broker(folder)
    kafka.start()
    await create_topics(kafka.bootstrap_servers, partitions=PARTITIONS)
    database = await clone("tickets", template)
    stack = Stack(database, kafka, issuer, lambda *_args, **_kwargs: None)
    await seed(database.worker_url, stack.workspace)
    service = ServiceProcess("tickets", stack.tickets_environment, folder).start()
    await service.ready()
    yield Api(stack, service)
    service.sigkill()
    await drop(database)
    kafka.kill()


class OneOrg(RuleBasedStateMachine):
    """The person is its owner and calls the service that the tests share."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api = api
        self.loop = asyncio.new_event_loop()
        self.http = requests.Session()

    @initialize()
    def open_a_fresh_org(self) -> None:
        self.org = OrgFixture(f"m{uuid4().hex[:12]}", Plate.SALES)
        self.loop.run_until_complete(self.api.new_org(self.org))
        self.http.headers.update(self.api.stack.issuer.authorization(self.org.owner))
        self.database = self.loop.run_until_complete(asyncpg.connect(self.api.stack.database.worker_url))

    def call(self, method: str, path: str = "", json: Any = None, *, below: str = "/tickets") -> requests.Response:
        url = f"{self.api.service.url}/orgs/{self.org.slug}{below}{path}"
        return self.http.request(method, url, json=json, timeout=15)

    def sql(self, statement: str, *values: Any) -> Any:
        return self.loop.run_until_complete(self.database.fetch(statement, *values))

    def some(self, pool: dict[str, Any], index: int) -> str | None:
        return sorted(pool)[index % len(pool)] if pool else None

    def teardown(self) -> None:
        self.http.close()
        if hasattr(self, "database"):
            self.loop.run_until_complete(self.database.close())
        self.loop.close()


# Upserts by version look the same however often they run; the trigger counts what was really written.
COUNT_EFFECTS = (
    # Rows of several connections lie in no order; the place is given while the company is locked.
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, company_id uuid, version bigint)",
    """CREATE FUNCTION count_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO public.effects (company_id, version) VALUES (NEW.company_id, NEW.version); RETURN NEW; END'""",
    """CREATE TRIGGER effects AFTER INSERT OR UPDATE OF version ON companies
    FOR EACH ROW EXECUTE FUNCTION count_effect()""",
)


@dataclass
class Consumption:
    stack: Stack
    service: ServiceProcess
    feed: Feed
    letters: Witness
    fences: int = 0

    async def row(self, company_id: UUID) -> Any:
        rows = await query(self.stack, "SELECT * FROM companies WHERE company_id = $1", company_id)
        return rows[0] if rows else None

    async def applied(self, *companies: Company, timeout: float = 20.0) -> None:
        wanted = {(company.company_id, company.version) for company in companies}

        async def all_there() -> bool:
            rows = await query(self.stack, "SELECT company_id, version FROM companies")
            return wanted <= {(row["company_id"], row["version"]) for row in rows}

        await eventually(all_there, timeout=timeout, service=self.service)

    async def effects(self) -> dict[UUID, list[int]]:
        """The versions written to each company, in the order of writing."""
        found: dict[UUID, list[int]] = defaultdict(list)
        for row in await query(self.stack, "SELECT company_id, version FROM effects ORDER BY place"):
            found[row["company_id"]].append(row["version"])
        return found

    async def outcomes(self, outcome: str) -> float:
        return await metric(self.service, "opsdash_events_consumed_total", outcome=outcome)

    async def fence(self) -> None:
        """Wait until everything sent to the first partition before now has been handled."""
        self.fences += 1
        last = company(self.stack.workspace.ours, company_id=UUID(int=0), version=self.fences)
        await self.feed.send(message(last))
        await self.applied(last)

    async def letter_of(self, offset: int) -> Record:
        """The dead letter of the record at that offset of the first partition."""

        def matching(records: list[Record]) -> list[Record]:
            where = (str(offset), "0")
            return [r for r in records if (r.header("dl_offset"), r.header("dl_partition")) == where]

        await self.letters.wait_until(lambda records: bool(matching(records)))
        return matching(self.letters.records)[0]


@asynccontextmanager
async def consuming(stack: Stack, **overrides: str) -> AsyncIterator[Consumption]:
    """A started service; the first assignment of partitions takes the embedded broker half a session."""
    for statement in COUNT_EFFECTS:
        await query(stack, statement)
    servers = stack.kafka.bootstrap_servers
    async with running(stack, **overrides) as service, Feed(servers) as feed, Witness(servers, DEAD_LETTERS) as letters:
        yield Consumption(stack, service, feed, letters)
