"""The relay and a replay look up events by key, whatever the statistics say; a plan is read, never timed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from opsdash_chassis.outbox import relay, replay
from opsdash_chassis.outbox import repository as outbox

from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.measurements import plan_nodes

UNIQUE_KEY = "history_org_id_aggregate_id_aggregate_version_key"
# Many events long published; statistics are taken while nothing waits, then the outbox fills and empties.
_PUBLISHED = """
INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type, occurred_at, topic, headers, data)
SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'support_ticket.created', now(),
       'support.ticket.events', '{"ce_subject": "x"}', to_json(repeat('x', 400))
FROM generate_series(1, 6000)
"""
_CHANGED = """
INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type, occurred_at, topic, headers, data)
SELECT gen_random_uuid(), org_id, aggregate_id, 2, event_type, clock_timestamp(), topic, headers, data
FROM (SELECT * FROM history LIMIT 3) AS published
"""
_FILL = "INSERT INTO outbox (event_id, org_id, aggregate_id) SELECT event_id, org_id, aggregate_id FROM history"
_EMPTY = "DELETE FROM outbox WHERE position > (SELECT min(position) + 2 FROM outbox)"


@pytest.fixture
async def published(tickets_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
    database = await clone("tickets", tickets_template)
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(_PUBLISHED)
        await connection.execute("ANALYZE")
        await connection.execute(_FILL)
        await connection.execute(_EMPTY)
    finally:
        await connection.close()
    yield database
    await drop(database)


async def test_no_turn_reads_the_whole_history(published: ServiceDatabase) -> None:
    connection = await asyncpg.connect(published.worker_url, server_settings=relay.SERVER_SETTINGS)
    try:
        explained = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {outbox.WAITING_OF_ANY_ORG}")
        waiting = await outbox.waiting(connection)
    finally:
        await connection.close()
    assert len(waiting) == 3
    assert rows_read(json.loads(explained)[0]["Plan"], "history") == 3


async def test_a_plan_from_before_there_was_anything_does_not_either(tickets_template: ServiceDatabase) -> None:
    database = await clone("tickets", tickets_template)
    connection = await asyncpg.connect(database.admin_url, server_settings=relay.SERVER_SETTINGS)
    try:
        await connection.execute("ANALYZE")
        await connection.execute(f"PREPARE waiting AS {outbox.WAITING_OF_ANY_ORG}")
        await connection.execute("EXECUTE waiting")
        await connection.execute(_PUBLISHED)
        await connection.execute(_FILL)
        await connection.execute(_EMPTY)
        explained = await connection.fetchval("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE waiting")
    finally:
        await connection.close()
        await drop(database)
    assert rows_read(json.loads(explained)[0]["Plan"], "history") == 3


async def test_a_replay_since_a_moment_reads_the_aggregates_it_queues(published: ServiceDatabase) -> None:
    """By the unique key of the history, its only index of aggregates."""
    admin = await asyncpg.connect(published.admin_url)
    worker = await asyncpg.connect(published.worker_url, server_settings=relay.SERVER_SETTINGS)
    try:
        since = await admin.fetchval("SELECT clock_timestamp()")
        await admin.execute(_CHANGED)
        explained = await worker.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {replay.SINCE_OF_ANY_ORG}", since)
        queued = await admin.fetchval("SELECT count(*) FROM outbox WHERE replayed")
    finally:
        await worker.close()
        await admin.close()
    plan = json.loads(explained)[0]["Plan"]
    assert queued == 3
    assert rows_read(plan, "history") == 6, "three found by their time, the same three by their aggregate"
    by_key = [node for node in plan_nodes(plan) if node.get("Index Name") == UNIQUE_KEY]
    assert len(by_key) == 1
    assert by_key[0]["Shared Hit Blocks"] + by_key[0]["Shared Read Blocks"] < 20, "not every page of it, three times"


def rows_read(plan: dict[str, Any], table: str) -> int:
    """Over all loops, with those a filter threw away."""
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in plan_nodes(plan)
        if node.get("Relation Name") == table
    )
