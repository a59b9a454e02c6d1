"""Row-level security by itself, in every service's database: no row of another tenant is seen, touched or given away.

Tables come from the catalogue of the migrated database, so a new one is covered the day it is added, and each has rows
of two tenants, which no service wrote.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.fixtures import TemplateOf
from tests.support.services import WITH_DATABASE, tenant_tables_of

ROWS_EACH = 2
#: Tables that must be among those found.
OWN = {
    "tickets": {"tickets", "contacts", "comment_history"},
    "comments": {"threads", "comments", "revisions"},
    "sla-monitor": {"deadlines", "notices"},
}
SHARED = {"history", "outbox", "idempotency_keys"}
_TENANT_TABLES = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS forced
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'org_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
"""
_COLUMNS = """
SELECT attname, format_type(atttypid, NULL) AS type, attnotnull AND NOT atthasdef AND attidentity = '' AS needed
FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""
_CONSTRAINTS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
"""
#: A value for each type of a column that must have one; `{n}` differs from row to row.
VALUES = {
    "uuid": "gen_random_uuid()",
    "text": "gen_random_uuid()::text",
    "text[]": "ARRAY[gen_random_uuid()::text]",
    "tsvector": "'word'::tsvector",
    "bigint": "{n}",
    "integer": "{n}",
    "smallint": "1",
    "boolean": "false",
    "timestamp with time zone": "now()",
    "date": "current_date",
    "json": "'{{}}'",
    "jsonb": "'{{}}'",
    "bytea": "'x'",
    "uuid[]": "'{{}}'",
}


@dataclass(frozen=True)
class Tenants:
    """A service's database with rows of two tenants in every table that has tenants."""

    service: str
    database: ServiceDatabase
    tables: list[str]
    ours: UUID
    foreign: UUID

    @asynccontextmanager
    async def app(self, tenant: str | None) -> AsyncIterator[asyncpg.Connection[Any]]:
        """The app role in a transaction, inside a tenant or in none; always rolled back."""
        connection = await asyncpg.connect(self.database.app_url)
        transaction = connection.transaction()
        await transaction.start()
        try:
            if tenant is not None:
                await connection.execute("SELECT set_config('app.org_id', $1, true)", tenant)
            yield connection
        finally:
            await transaction.rollback()
            await connection.close()

    async def columns(self, table: str) -> list[str]:
        return [row["attname"] for row in await self.database.fetch(_COLUMNS, table)]


async def fill(database: ServiceDatabase, table: str, org: UUID, number: int) -> None:
    """A row of that tenant, whatever the table is for; of some there is one for each tenant."""
    columns = [row for row in await database.fetch(_COLUMNS, table) if row["needed"]]
    values = {row["attname"]: VALUES[row["type"]].format(n=number) for row in columns} | {"org_id": f"'{org}'"}
    into = f"{table} ({', '.join(values)})"
    await database.fetch(f"INSERT INTO {into} VALUES ({', '.join(values.values())}) ON CONFLICT DO NOTHING")


def test_the_tables_that_must_be_found_are_those_of_the_code():
    for service, tables in OWN.items():
        assert tables <= own_tables(service)


def own_tables(service: str) -> set[str]:
    """With tenants, and described by the service in code; those that all services share aside."""
    return tenant_tables_of(service) - SHARED


@pytest.fixture(scope="module", params=WITH_DATABASE)
async def tenants(request: pytest.FixtureRequest, template_of: TemplateOf) -> AsyncIterator[Tenants]:
    database = await clone(request.param, await template_of(request.param))
    ours, foreign = uuid4(), uuid4()
    for (statement,) in await database.fetch(_CONSTRAINTS):  # they ask for rows that make sense
        await database.fetch(statement)
    tables = [row["relname"] for row in await database.fetch(_TENANT_TABLES)]
    for table in tables:
        for number in range(ROWS_EACH):
            for org in (ours, foreign):
                await fill(database, table, org, number)
    yield Tenants(request.param, database, tables, ours, foreign)
    await drop(database)


async def allowed(connection: asyncpg.Connection[Any], table: str, right: str) -> bool:
    may: bool = await connection.fetchval("SELECT has_table_privilege($1, $2)", table, right)
    return may


_UNSAFE_PATHS = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
AND (prosecdef OR array_to_string(proconfig, ';') LIKE '%search_path%')
AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=pg_catalog, public, pg_temp']
"""


class TestRowSecurity:
    async def test_functions_that_run_as_the_owner_look_in_temporary_schemas_last(self, tenants: Tenants):
        assert await tenants.database.fetch(_UNSAFE_PATHS) == []
        await tenants.database.fetch(
            "CREATE FUNCTION planted() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS ''"
        )
        assert [row[0] for row in await tenants.database.fetch(_UNSAFE_PATHS)] == ["planted()"]

    async def test_the_app_role_may_make_no_temporary_tables(self, tenants: Tenants):
        async with tenants.app(None) as connection:
            assert not await connection.fetchval("SELECT has_database_privilege(current_database(), 'TEMPORARY')")

    async def test_every_table_with_tenants_is_known_and_forced(self, tenants: Tenants):
        assert set(tenants.tables) >= own_tables(tenants.service) | SHARED
        rows = await tenants.database.fetch(_TENANT_TABLES)
        assert {row["relname"] for row in rows if not row["forced"]} == set()

    @pytest.mark.parametrize("tenant", [None, "", "00000000-0000-4000-8000-000000000000"])
    async def test_without_a_tenant_and_in_an_unknown_one_every_table_is_empty(
        self, tenants: Tenants, tenant: str | None
    ):
        async with tenants.app(tenant) as connection:
            for table in tenants.tables:
                if await allowed(connection, table, "SELECT"):
                    assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table

    async def test_inside_a_tenant_its_own_rows_are_seen_and_no_others(self, tenants: Tenants):
        seen = set()
        async with tenants.app(str(tenants.ours)) as connection:
            for table in tenants.tables:
                if await allowed(connection, table, "SELECT"):
                    rows = await connection.fetch(f"SELECT org_id FROM {table}")
                    assert {row["org_id"] for row in rows} == {tenants.ours}, table
                    seen.add(table)
        assert seen >= OWN.get(tenants.service, set())
        assert seen & own_tables(tenants.service)

    async def test_rows_of_another_tenant_are_neither_changed_nor_deleted(self, tenants: Tenants):
        async with tenants.app(str(tenants.ours)) as connection:
            for table in tenants.tables:
                for column in await tenants.columns(table):
                    right = "SELECT has_column_privilege($1, $2, 'UPDATE')"
                    if await connection.fetchval(right, table, column):
                        change = f"UPDATE {table} SET {column} = {column} WHERE org_id = $1"
                        assert await connection.execute(change, tenants.foreign) == "UPDATE 0", (table, column)
                if await allowed(connection, table, "DELETE"):
                    removal = f"DELETE FROM {table} WHERE org_id = $1"
                    assert await connection.execute(removal, tenants.foreign) == "DELETE 0", table

    async def test_no_row_is_given_to_another_tenant(self, tenants: Tenants):
        tried = set()
        for table in tenants.tables:
            columns = await tenants.columns(table)
            values = ", ".join(f"'{tenants.foreign}'::uuid" if name == "org_id" else name for name in columns)
            copied = f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {table}"
            for statement in (copied, f"UPDATE {table} SET org_id = '{tenants.foreign}'"):
                async with tenants.app(str(tenants.ours)) as connection:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(statement)
                    tried.add(table)
        assert tried == set(tenants.tables)

    @pytest.mark.parametrize(
        "statement",
        [
            "SET ROLE {role}_owner",
            "SET ROLE {role}_worker",
            "SET SESSION AUTHORIZATION {role}_worker",
            "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            "DROP POLICY tenant ON {table}",
            "CREATE POLICY mine ON {table} USING (true)",
            "ALTER ROLE {role}_app BYPASSRLS",
            "TRUNCATE {table}",
            "CREATE TABLE mine (id int)",
            "UPDATE history SET event_type = 'forged'",
            "DELETE FROM history",
            "DELETE FROM outbox",
            "SELECT * FROM inbox",
        ],
    )
    async def test_the_app_role_cannot_free_itself_or_rewrite_history(self, tenants: Tenants, statement: str):
        role, table = tenants.service.replace("-", "_"), max(own_tables(tenants.service))
        async with tenants.app(str(tenants.ours)) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement.format(role=role, table=table))
