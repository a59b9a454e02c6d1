"""The indexes of large tables are built while others write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from opsdash_chassis.database.migrations import migrations_of, upgrade

from tests.support.databases import ServiceDatabase, drop, migrate, not_migrated
from tests.support.fixtures import TemplateOf
from tests.support.measurements import eventually
from tests.support.services import spec_of

WRITE = "LOCK TABLE {table} IN ROW EXCLUSIVE MODE"  # what every INSERT, UPDATE and DELETE does
BUILD_WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'
"""
UNUSABLE = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
#: The table, and the revision before its indexes are built.
BUILDS = [("tickets", "0019"), ("comments", "0010")]


@pytest.mark.parametrize(("service", "before"), BUILDS)
class TestIndexBuilds:
    @pytest.fixture
    async def database(self, service: str, before: str, template_of: TemplateOf) -> AsyncIterator[ServiceDatabase]:
        made = await not_migrated(service, await template_of(service))
        await asyncio.to_thread(upgrade, migrations_of(spec_of(service).module), made.owner_url, before)
        yield made
        await drop(made)

    async def test_others_write_meanwhile(self, service: str, database: ServiceDatabase):
        write = WRITE.format(table=service)
        one, other = await asyncpg.connect(database.admin_url), await asyncpg.connect(database.admin_url)
        await other.execute("SET lock_timeout = '2s'")
        writing = one.transaction()
        await writing.start()
        await one.execute(write)
        building = asyncio.create_task(migrate(service, database.owner_url))
        try:
            await eventually(lambda: other.fetchval(BUILD_WAITS), lambda waiting: waiting == 1)
            async with other.transaction():
                await other.execute(write)
        finally:
            await writing.commit()
            await building
            await asyncio.gather(one.close(), other.close())
        assert await database.fetch(UNUSABLE) == []
