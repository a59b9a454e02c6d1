"""A tickets service that reads the workspace feed, with everything a test needs to judge what it did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from opsdash_contracts.workspace import Company

from tests.integration.feed import Feed, company, message
from tests.integration.stacks import running
from tests.integration.watching import DEAD_LETTERS, eventually, metric, query
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack
from tests.support.witness import Record, Witness

# Upserts by version look the same however often they run; the trigger counts what was really written.
COUNT_EFFECTS = (
    # Rows of several connections lie in no order; the place is given while the company is locked.
    "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, company_id uuid, version bigint)",
    """CREATE FUNCTION count_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO public.effects (company_id, version) VALUES (NEW.company_id, NEW.version); RETURN NEW; END'""",
    "CREATE TRIGGER effects AFTER INSERT OR UPDATE ON companies FOR EACH ROW EXECUTE FUNCTION count_effect()",
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
