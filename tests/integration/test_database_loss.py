"""PostgreSQL dies under load, twice, with the settings of production: nothing it acknowledged is lost (G1, G3, G4)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
from opsdash_contracts.topics import TICKETS
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.integration.checks import Ledger, check, writing
from tests.integration.conftest import NewStack
from tests.support.brokers import Witness
from tests.support.databases import ask, make_template
from tests.support.measurements import eventually
from tests.support.workspace import seed

pytestmark = [pytest.mark.storm, pytest.mark.kafka]

KILLS = 3
WRITES_BETWEEN = 100
DOWN_SECONDS = 1.0


@pytest.fixture
async def durable(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """Every commit is on disk before it is answered."""
    home = tmp_path_factory.mktemp("durable-postgres")
    server = EmbeddedPostgres(home, free_port())
    await asyncio.to_thread(server.start)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        assert await ask(server, f"SHOW {setting}") == "on"
    yield server
    server.stop()
    shutil.rmtree(home, ignore_errors=True)


async def more_acknowledged(ledger: Ledger, *, than: int) -> None:
    async def enough() -> int:
        return len(ledger.acknowledged)

    await eventually(enough, lambda found: found >= than + WRITES_BETWEEN)


async def test_a_database_killed_under_load_loses_no_acknowledged_write_and_its_events_follow(
    new_stack: NewStack, durable: EmbeddedPostgres
):
    async with new_stack() as stack:
        stack.database = await make_template("tickets", durable.admin_url)
        await seed(stack.database.worker_url, stack.workspace)
        service = await stack.tickets()
        async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            async with writing(stack, service) as ledger:
                for _ in range(KILLS):
                    await more_acknowledged(ledger, than=len(ledger.acknowledged))
                    await kill_and_start_again(durable)
                await more_acknowledged(ledger, than=len(ledger.acknowledged))
            await check(stack, ledger, witness)
        assert service.exit_code is None
        assert service.is_ready()
        assert ledger.intended > len(ledger.acknowledged), "no write met the database while it was away"


async def kill_and_start_again(server: EmbeddedPostgres) -> None:
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(DOWN_SECONDS)
    await asyncio.to_thread(server.start)
