"""Data of an older version are brought up to date by a start; those of a newer one are left to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest
from opsdash_chassis.database.migrations import migrations_of, upgrade
from opsdash_chassis.database.provision import provision
from opsdash_local.demo.workspace import MAIN_ORG, org_id, user_id
from opsdash_local.lock import exclusive
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.services import BACKENDS

from tests.support.databases import PASSWORDS, ServiceDatabase, database_of
from tests.support.local_stack import RunningStack, free_block

FIRST_REVISION = "0001"
TITLE = "Written under the first schema"
ROWS = f"""
INSERT INTO orgs (org_id, name, version, slug, plate)
VALUES ('{org_id(MAIN_ORG)}', 'Old name', 0, '{MAIN_ORG}', 'growth');
INSERT INTO org_counters (org_id, last_number, living_tickets) VALUES ('{org_id(MAIN_ORG)}', 1, 1);
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by, created_at,
                     updated_at, version)
VALUES ('{org_id(MAIN_ORG)}', gen_random_uuid(), 1, '{TITLE}', '', 'open', 'low', 'technical', '{user_id("maya")}',
        now(), now(), 1);
"""


def server_of(data: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(data / "postgres", free_port())


def database(server: EmbeddedPostgres, service: str) -> ServiceDatabase:
    return database_of(service, server.admin_url, service)


def run(database: ServiceDatabase, statements: str) -> None:
    async def connect_and_run() -> None:
        connection = await asyncpg.connect(database.admin_url)
        await connection.execute(statements)
        await connection.close()

    asyncio.run(connect_and_run())


def make_old_data(data: Path) -> None:
    """A folder as the first version left it: the first migration of each service, one ticket, and other passwords."""
    server = server_of(data)
    with exclusive(data):
        server.start()
        for service in BACKENDS:
            asyncio.run(provision(server.admin_url, service.name, PASSWORDS))
            upgrade(migrations_of(service.module), database(server, service.role_prefix).owner_url, FIRST_REVISION)
        run(database(server, "tickets"), ROWS)
        server.stop()


@pytest.mark.storm
@pytest.mark.timeout(300)
def test_data_of_the_first_version_are_upgraded_and_those_of_a_newer_one_refused(tmp_path: Path) -> None:
    make_old_data(tmp_path / "data")
    upgraded = RunningStack(tmp_path, free_block())
    try:
        upgraded.wait_ready(timeout=200)
        assert [ticket["title"] for ticket in upgraded.tickets()] == [TITLE]
    finally:
        assert upgraded.stop() == 0

    server = server_of(tmp_path / "data")
    server.start()
    run(database(server, "sla_monitor"), "UPDATE alembic_version SET version_num = '9999'")
    server.stop()
    line = RunningStack(tmp_path, free_block()).refusal()
    assert "a newer version of OpsDash Support wrote these data: the schema of sla-monitor is later" in line
    assert "Start that version again, or use a new folder: DATA=.data-2 make run" in line
    assert "Traceback" not in line
