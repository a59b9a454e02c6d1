"""The migrations and the tables in code describe the same database, and the service asks for the newest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import opsdash_tickets
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from opsdash_chassis.migrations import alembic_config
from opsdash_tickets.settings import REVISION
from opsdash_tickets.tables import metadata
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.databases import ServiceDatabase, clone, drop, migrate

MIGRATIONS = Path(opsdash_tickets.__file__).parent / "migrations"
# PostgreSQL's own words for everything, so that expressions compare too, which Alembic's comparison cannot do.
DESCRIPTIONS = r"""
SELECT format('%s.%s %s null=%s default=%s generated=%s', table_name, column_name, data_type, is_nullable,
              regexp_replace(column_default, '^''(.*)''::[a-z ]+$', '\1'),
              is_generated || coalesce(generation_expression, ''))
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
UNION ALL
SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text <> 'alembic_version'
"""


async def described(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        return {row[0] for row in await connection.fetch(DESCRIPTIONS)}
    finally:
        await connection.close()


class TestMigrations:
    @pytest.fixture
    async def from_code(self, tickets_template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
        """A copy that keeps the functions, its tables made anew from those in code."""
        made = await clone("tickets", tickets_template)
        engine = create_async_engine(sa.make_url(made.admin_url).set(drivername="postgresql+asyncpg"))
        async with engine.begin() as connection:
            await connection.run_sync(metadata.drop_all)
            await connection.run_sync(metadata.create_all)
        await engine.dispose()
        yield made
        await drop(made)

    async def test_a_migrated_database_is_the_one_in_code(
        self, tickets_database: ServiceDatabase, from_code: ServiceDatabase
    ):
        migrated, coded = await described(tickets_database.admin_url), await described(from_code.admin_url)
        assert len(migrated) > 100
        assert migrated - coded == set()
        assert coded - migrated == set()

    def test_the_service_needs_the_head_and_there_is_one(self):
        script = ScriptDirectory.from_config(alembic_config(MIGRATIONS, "unused"))
        assert script.get_heads() == [REVISION]

    async def test_migrating_again_changes_nothing(self, tickets_database: ServiceDatabase):
        before = await described(tickets_database.admin_url)
        migrate("tickets", tickets_database.owner_url)
        assert await described(tickets_database.admin_url) == before
