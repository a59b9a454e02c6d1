"""Hot reads stay index-backed in a large database: plans are read, never timed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from opsdash_chassis.database.pools import GENERIC_PLANS
from opsdash_chassis.text.search_query import read_query
from opsdash_tickets.listing import repository as listing_repository
from opsdash_tickets.listing.conditions_repository import position_of
from opsdash_tickets.listing.filters import ListQuery, Sort, SortField, read_filter
from opsdash_tickets.overview import repository as overview_repository
from opsdash_tickets.tickets import repository as tickets_repository

from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.measurements import plan_nodes
from tests.support.workspace import LARGE_ORG, LARGE_OWNER, seed_many

pytestmark = pytest.mark.storm

NEWEST_FIRST = Sort()
LARGEST_SEARCH_PAGES = 1_500  # of 8 KiB; the tickets of the org have some thousands
Read = Callable[["Explaining"], Awaitable[Any]]


@dataclass
class Explaining:
    """A connection that keeps the plan of everything it runs."""

    connection: asyncpg.Connection
    plans: list[dict[str, Any]] = field(default_factory=list)

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        explained = await self.connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *values)
        self.plans.append(json.loads(explained)[0]["Plan"])
        return await self.connection.fetch(statement, *values)

    async def fetchrow(self, statement: str, *values: Any) -> asyncpg.Record | None:
        rows = await self.fetch(statement, *values)
        return rows[0] if rows else None

    async def fetchval(self, statement: str, *values: Any) -> Any:
        row = await self.fetchrow(statement, *values)
        return row[0] if row else None

    @property
    def buffers(self) -> int:
        """Pages touched: what a read costs, without the noise of a clock."""
        return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in self.plans)


def sequential_scans(plans: list[dict[str, Any]]) -> list[str]:
    return [
        node["Relation Name"]
        for plan in plans
        for node in plan_nodes(plan)
        if node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "tickets"
    ]


@pytest.fixture(scope="module")
async def large(tickets_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
    """200,000 tickets in 1,901 orgs, 10,000 of them in one."""
    database = await clone("tickets", tickets_template)
    await seed_many(database.admin_url, orgs=1900, each=100, large=10_000)
    yield database
    await drop(database)


@asynccontextmanager
async def inside(database: ServiceDatabase, url: str | None = None) -> AsyncIterator[Explaining]:
    """The app role inside the large org."""
    connection = await asyncpg.connect(url or database.app_url)
    try:
        await connection.execute(f"SET plan_cache_mode = {GENERIC_PLANS}")
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.org_id', $1, true)", str(LARGE_ORG))
            yield Explaining(connection)
    finally:
        await connection.close()


def page(sort: Sort = NEWEST_FIRST, after: Any = None, **query: str) -> Read:
    wanted = read_filter(ListQuery(**query), user_id=LARGE_OWNER)
    return lambda connection: listing_repository.page(connection, LARGE_ORG, wanted, sort, after=after, limit=26)


def count(**query: str) -> Read:
    wanted = read_filter(ListQuery(**query), user_id=LARGE_OWNER)
    return lambda connection: listing_repository.count(connection, LARGE_ORG, wanted)


READS: dict[str, Read] = {
    "list": page(),
    **{f"sorted by {name}": page(Sort(name, descending=False)) for name in SortField},
    "status": page(status="open,waiting"),
    "priority and category": page(priority="urgent", category="billing"),
    "mine": page(assignee="me"),
    "unassigned": page(assignee="none"),
    "overdue": page(sla="overdue"),
    "at risk": page(sla="at_risk"),
    "search": page(q="printer"),
    "rare search": page(q="w4711"),
    "search and filter": page(q="invoice num", status="open"),
    "by number": page(q="#4711"),
    "count": count(),
    "count overdue": count(sla="overdue"),
    "count search": count(q="printer"),
    "number and word": page(q="4711"),
    "count number and word": count(q="4711"),
    "text without spaces": page(q="会議室"),
    "parts of an address": page(q="kowal@acme.ex"),
    "search in another order": page(Sort(SortField.PRIORITY), q="printer"),
    "insights": lambda connection: overview_repository.insights(connection, LARGE_ORG),
    "most overdue": lambda connection: overview_repository.most_overdue(connection, LARGE_ORG),
    "detail by number": lambda connection: tickets_repository.detail(connection, LARGE_ORG, 77),
    "detail by id": lambda connection: tickets_repository.detail(connection, LARGE_ORG, UUID(int=1)),
}


@pytest.mark.parametrize("name", READS)
async def test_no_hot_read_scans_the_table(large: ServiceDatabase, name: str):
    async with inside(large) as connection:
        await READS[name](connection)
    assert connection.plans
    assert sequential_scans(connection.plans) == []


async def test_the_search_inside_its_function_uses_the_text_index(large: ServiceDatabase):
    async with inside(large, large.owner_url) as connection:
        found = await connection.fetch(
            "SELECT t.id FROM tickets t WHERE t.org_id = $1 AND t.deleted_at IS NULL"
            " AND t.search @@ search_pattern($1, $2)",
            LARGE_ORG,
            read_query("w4711").tsquery(),
        )
    assert 0 < len(found) < 20
    used = {node.get("Index Name") for plan in connection.plans for node in plan_nodes(plan)}
    assert "tickets_search" in used


async def test_a_word_of_every_ticket_is_searched_without_reading_every_ticket(large: ServiceDatabase):
    async with inside(large) as connection:
        found = await page(q="number")(connection)
    assert len(found) == 26
    assert connection.buffers < LARGEST_SEARCH_PAGES


@pytest.mark.parametrize("words", ["number", "printer", "w4711", "invoice num", "printer w4", "nowhere"])
@pytest.mark.parametrize("status", [None, "open,waiting"])
async def test_a_search_pages_through_every_match_newest_first(large: ServiceDatabase, words: str, status: str | None):
    """Its first part looks through the newest tickets, its second through the text index: nothing falls between."""
    wanted = read_filter(ListQuery(q=words, status=status), user_id=LARGE_OWNER)
    async with inside(large) as connection:
        found: list[UUID] = []
        after = None
        while rows := await listing_repository.page(
            connection.connection, LARGE_ORG, wanted, NEWEST_FIRST, after=after, limit=170
        ):
            found += [row.id for row in rows]
            after = position_of(rows[-1])
        matches = await connection.connection.fetch(
            "SELECT id FROM tickets t WHERE org_id = $1 AND deleted_at IS NULL AND id IN (SELECT found_ids($2, NULL))"
            " AND ($3::text[] IS NULL OR status = ANY($3)) ORDER BY created_at DESC, id DESC",
            LARGE_ORG, read_query(words).tsquery(), list(wanted.status) or None,
        )  # fmt: skip
    assert found == [row["id"] for row in matches]
    assert found or status or words == "nowhere"


@pytest.mark.parametrize("field", SortField)
async def test_the_last_page_touches_no_more_than_the_first(large: ServiceDatabase, field: SortField):
    sort = Sort(field)
    async with inside(large) as connection:
        everything = await listing_repository.page(
            connection.connection,
            LARGE_ORG,
            read_filter(ListQuery(), user_id=LARGE_OWNER),
            sort,
            after=None,
            limit=10_000,
        )
        near_the_end = position_of(everything[-30])
        costs = []
        for after in (None, near_the_end):
            explaining = Explaining(connection.connection)
            await page(sort, after)(explaining)
            costs.append(explaining.buffers)
    assert costs[1] <= costs[0] * 1.2 + 10, costs


async def test_the_check_sees_a_scan(large: ServiceDatabase):
    async with inside(large, large.admin_url) as connection:
        await connection.fetch("SELECT count(*) FROM tickets WHERE description LIKE '%x%'")
    assert sequential_scans(connection.plans) == ["tickets"]
