"""Work is proportional to what is due: two hundred thousand open deadlines cost an idle sweep next to nothing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from opsdash_sla_monitor.sweep import repository

from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.measurements import plan_nodes

OPEN = 200_000
FILL = f"""
INSERT INTO deadlines (org_id, ticket_id, number, version, sequence, priority, created_by, created_at, due_at,
                       state, since, next_step, next_at)
SELECT gen_random_uuid(), gen_random_uuid(), n, 1, 1, 'low', gen_random_uuid(), now(), now() + interval '1 day',
       'running', now(), 'breach', now() + interval '1 day' + n * interval '1 second'
FROM generate_series(1, {OPEN}) n
"""


@pytest.fixture(scope="module")
async def connection(sla_template: ServiceDatabase) -> AsyncIterator[asyncpg.Connection]:
    database = await clone("sla-monitor", sla_template)
    owner = await asyncpg.connect(database.admin_url)
    await owner.execute(FILL)
    await owner.execute("VACUUM ANALYZE deadlines")
    await owner.close()
    worker = await asyncpg.connect(database.worker_url)
    yield worker
    await worker.close()
    await drop(database)


async def explain(connection: asyncpg.Connection, statement: str, *values: object) -> dict[str, Any]:
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *values)
    plan: dict[str, Any] = json.loads(text)[0]["Plan"]
    return plan


@pytest.mark.parametrize(
    ("statement", "values"),
    [(repository._DUE_OF_ANY_ORG, (500,)), (repository._NEXT_OF_ANY_ORG, ())],
    ids=["due", "next"],
)
async def test_an_idle_sweep_touches_a_few_pages_of_the_index(connection, statement: str, values: tuple[int, ...]):
    plan = await explain(connection, statement, *values)
    scans = [node for node in plan_nodes(plan) if "Scan" in node["Node Type"] and "Relation Name" in node]
    assert {(node["Node Type"].removesuffix(" Only Scan"), node["Index Name"]) for node in scans} <= {
        ("Index", "deadlines_next"), ("Index Scan", "deadlines_next"),
    }  # fmt: skip
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 10


async def test_a_thousand_due_are_claimed_without_looking_at_the_others(connection):
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "UPDATE deadlines SET next_at = now() - interval '1 minute' WHERE number BETWEEN 1 AND 1000"
    )
    due = await repository.due(connection, limit=500)
    claimed = await repository.claim(connection, due)
    await transaction.rollback()
    assert (len(due), len(claimed)) == (500, 500)
