"""A dump of a service's database, restored on another server as docs/how-to/deploy.md says, is the service again."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from opsdash_chassis.database.provision import provision
from opsdash_chassis.outbox.replay import replay
from opsdash_chassis.service.startup_checks import check_database
from opsdash_chassis.settings import load_settings
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres
from opsdash_local.postgres_binaries import program
from opsdash_tickets.settings import REVISION, TicketsSettings

from tests.integration.stacks import Api
from tests.support.databases import PASSWORDS, ServiceDatabase, database_of

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


@pytest.fixture(scope="module")
def other_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("restored"), free_port(), durable=False)
    server.start()
    yield server
    server.stop()


async def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table as text, in an order of its own."""
    connection = await asyncpg.connect(url)
    try:
        tables = [row["tablename"] for row in await connection.fetch(TABLES)]
        return {
            name: sorted(row["row"] for row in await connection.fetch(f'SELECT t::text AS row FROM "{name}" t'))
            for name in tables
        }
    finally:
        await connection.close()


async def restored(api: Api, server: EmbeddedPostgres, folder: Path) -> ServiceDatabase:
    """Dump, provision, restore: the three steps of the page."""
    file = folder / "tickets.dump"
    dump = [program("pg_dump"), "--format=custom", f"--file={file}", f"--dbname={api.stack.database.admin_url}"]
    await asyncio.to_thread(subprocess.run, dump, check=True)
    await provision(server.admin_url, "tickets", PASSWORDS)
    database = database_of("tickets", server.admin_url, "tickets")
    restore = [program("pg_restore"), "--exit-on-error", "--single-transaction", f"--dbname={database.admin_url}", file]
    await asyncio.to_thread(subprocess.run, restore, check=True)
    return database


async def test_the_restored_database_is_complete_safe_and_can_replay(
    api: Api, other_server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for number in range(3):
        await api.as_("admin").create_ticket(api.ours.slug, f"Kept {number}")
    database = await restored(api, other_server, tmp_path)
    before, after = await contents(api.stack.database.admin_url), await contents(database.admin_url)
    assert after["tickets"] == before["tickets"]
    assert after["history"] == before["history"]
    assert after.keys() == before.keys()
    for name, value in (api.stack.tickets_environment | database.environment).items():
        monkeypatch.setenv(name, value)
    await check_database(load_settings(TicketsSettings), revision=REVISION)
    assert await replay(database.worker_url, since=None) + len(after["outbox"]) >= 3
