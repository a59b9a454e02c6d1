"""The migrations and the tables in code describe the same database, and the service asks for the newest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from opsdash_chassis.database.migrations import alembic_config, migrations_of
from opsdash_local.environment import inherited
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.databases import ServiceDatabase, clone, drop, migrate, not_migrated
from tests.support.fixtures import TemplateOf
from tests.support.service_process import run
from tests.support.services import WITH_DATABASE, revision_of, spec_of, tables_of

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


@pytest.mark.parametrize("service", WITH_DATABASE)
class TestMigrations:
    @pytest.fixture
    async def template(self, service: str, template_of: TemplateOf) -> ServiceDatabase:
        return await template_of(service)

    @pytest.fixture
    async def migrated(self, service: str, template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
        made = await clone(service, template)
        yield made
        await drop(made)

    @pytest.fixture
    async def from_code(self, service: str, template: ServiceDatabase) -> AsyncIterator[ServiceDatabase]:
        """A copy that keeps the functions, its tables made anew from those in code."""
        made, metadata = await clone(service, template), tables_of(service)
        engine = create_async_engine(sa.make_url(made.admin_url).set(drivername="postgresql+asyncpg"))
        async with engine.begin() as connection:
            await connection.run_sync(metadata.drop_all)
            await connection.run_sync(metadata.create_all)
        await engine.dispose()
        yield made
        await drop(made)

    async def test_a_migrated_database_is_the_one_in_code(
        self, service: str, migrated: ServiceDatabase, from_code: ServiceDatabase
    ):
        found, coded = await described(migrated.admin_url), await described(from_code.admin_url)
        assert len(found) > 80
        assert found - coded == set()
        assert coded - found == set()

    def test_the_service_needs_the_head_and_there_is_one(self, service: str):
        migrations = migrations_of(spec_of(service).module)
        script = ScriptDirectory.from_config(alembic_config(migrations, "unused"))
        assert script.get_heads() == [revision_of(service)]

    async def test_migrating_again_changes_nothing(self, service: str, migrated: ServiceDatabase):
        before = await described(migrated.admin_url)
        await migrate(service, migrated.owner_url)
        assert await described(migrated.admin_url) == before

    async def test_two_jobs_at_once_do_what_one_does(
        self, service: str, template: ServiceDatabase, migrated: ServiceDatabase
    ):
        empty = await not_migrated(service, template)
        env = inherited() | {"OPSDASH_DATABASE_OWNER_URL": empty.owner_url}
        package = f"opsdash_{service.replace('-', '_')}"
        jobs = await asyncio.gather(*(asyncio.to_thread(run, package, "migrate", env=env) for _ in range(2)))
        assert [job.returncode for job in jobs] == [0, 0], [job.stderr for job in jobs]
        assert await described(empty.admin_url) == await described(migrated.admin_url)
        await drop(empty)
