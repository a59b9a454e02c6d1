"""Tickets that the release before has indexed are found by its words until they are indexed anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_chassis.database.migrations import migrations_of, upgrade
from opsdash_chassis.database.pools import Database
from opsdash_chassis.settings import DatabaseSettings
from opsdash_chassis.text.search_query import read_query
from opsdash_tickets.indexing import service as indexing
from pydantic import SecretStr

from tests.support.databases import ServiceDatabase, drop, migrate, not_migrated

ORG, PERSON, MOMENT = uuid4(), uuid4(), datetime(2026, 3, 2, 12, tzinfo=UTC)
TICKETS = 120  # more than are indexed at once
_TICKET = """
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                     updated_at, version)
VALUES ($1, $2, $3, $4, '', 'open', 'low', 'general', $5, $6, $6, 1)
"""


@pytest.fixture
async def migrated(tickets_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
    """A database as the release before left it, then migrated."""
    database = await not_migrated("tickets", tickets_template)
    await asyncio.to_thread(upgrade, migrations_of("opsdash_tickets"), database.owner_url, "0016")
    connection = await asyncpg.connect(database.worker_url)
    rows = [(ORG, uuid4(), number, f"Käse PO-{number:06}", PERSON, MOMENT) for number in range(1, TICKETS + 1)]
    await connection.executemany(_TICKET, rows)
    await connection.close()
    await migrate("tickets", database.owner_url)
    yield database
    await drop(database)


async def found(database: ServiceDatabase, words: str, org: UUID = ORG) -> int:
    """How many, as the app role inside an org."""
    connection = await asyncpg.connect(database.app_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.org_id', $1, true)", str(org))
            rows = await connection.fetch("SELECT found_ids($1, NULL)", read_query(words).tsquery())
            return len(rows)
    finally:
        await connection.close()


async def test_what_was_there_stays_found_and_is_indexed_anew(migrated: ServiceDatabase):
    settings = DatabaseSettings.model_construct(
        database_url=SecretStr(migrated.app_url), database_worker_url=SecretStr(migrated.worker_url), crash_at=None
    )
    assert await found(migrated, "kase") == 0
    assert await found(migrated, "po") == TICKETS
    database = Database(settings, name="test")
    await database.open()
    try:
        assert await indexing.index_outdated(database) == TICKETS
    finally:
        await database.close()
    assert await found(migrated, "kase") == TICKETS
    assert await found(migrated, "000007") == 1
    assert await found(migrated, "kase", uuid4()) == 0
