"""A database that answers and takes no writes is seen, with the reason, and the look leaves nothing behind (G18)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from opsdash_chassis.database import errors as database_errors
from opsdash_chassis.database import probe as database_probe
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.probe import DatabaseProbe
from opsdash_chassis.observability.dependencies import UP, Dependency
from opsdash_chassis.settings import DatabaseSettings
from pydantic import SecretStr

from tests.support.databases import ServiceDatabase

#: What makes the whole database refuse writes, for connections made afterwards.
REFUSALS = {
    "SET default_transaction_read_only = on": database_errors.READ_ONLY.detail,
    "CONNECTION LIMIT 0": database_errors.EXHAUSTED.detail,
    "SET temp_file_limit = '100kB'": database_errors.EXHAUSTED.detail,
    "ALLOW_CONNECTIONS false": database_errors.AWAY.detail,
}


@asynccontextmanager
async def probing(
    database: ServiceDatabase, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[DatabaseProbe]:
    settings = DatabaseSettings.model_construct(
        database_url=SecretStr(database.app_url), database_worker_url=SecretStr(database.worker_url), crash_at=None
    )
    opened = Database(settings, name="probe")
    await opened.open()
    try:
        yield DatabaseProbe(opened, Dependency("database"), clock=clock)
    finally:
        await opened.close()


@pytest.fixture(autouse=True)
def each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_probe, "FRESH_SECONDS", 0)


@pytest.fixture
async def admin(tickets_database: ServiceDatabase) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(tickets_database.admin_url)
    yield connection
    await connection.close()


async def test_a_database_that_takes_writes_is_ready_and_stays_as_it_is(tickets_database: ServiceDatabase):
    state = "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind IN ('r', 'i') ORDER BY 1"
    before = await tickets_database.fetch(state)
    async with probing(tickets_database) as probe:
        assert {await probe.ready() for _ in range(100)} == {(True, "takes writes")}
    assert UP.labels("database")._value.get() == 1
    assert await tickets_database.fetch(state) == before


async def test_it_is_asked_once_a_second_whoever_wants_to_know(
    tickets_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(database_probe, "FRESH_SECONDS", 1)
    now, asked = [5.0], list[float]()

    async def ask() -> None:
        asked.append(now[0])

    async with probing(tickets_database, lambda: now[0]) as probe:
        monkeypatch.setattr(probe, "_write", ask)
        for at in (5.0, 5.5, 6.0):
            now[0] = at
            await asyncio.gather(*(probe.ready() for _ in range(10)))
    assert asked == [5.0, 6.0]


@pytest.mark.parametrize(("how", "reason"), list(REFUSALS.items()))
async def test_one_that_refuses_writes_is_not_and_says_why(tickets_database: ServiceDatabase, how: str, reason: str):
    await tickets_database.alter(how)
    async with probing(tickets_database) as probe:
        answers = [await probe.ready() for _ in range(2)]
    assert answers[-1] == (False, reason)
    assert UP.labels("database")._value.get() == 0


async def test_what_nobody_expected_is_a_reason_too_and_ends_nothing(
    tickets_database: ServiceDatabase, admin: asyncpg.Connection
):
    await admin.execute("REVOKE DELETE ON outbox FROM tickets_worker")
    async with probing(tickets_database) as probe:
        ready, reason = await probe.ready()
    assert not ready
    assert reason.startswith("the check failed: InsufficientPrivilegeError")


async def test_a_locked_table_is_named_and_a_short_lock_is_nothing(
    tickets_database: ServiceDatabase, admin: asyncpg.Connection
):
    async with probing(tickets_database) as probe:
        assert (await probe.ready())[0]
        for mode in ("ACCESS EXCLUSIVE", "SHARE"):
            async with admin.transaction():
                await admin.execute(f"LOCK TABLE tickets IN {mode} MODE")
                assert (await probe.ready())[0]
                assert await probe.ready() == (False, f"{database_errors.LOCKED.detail} Tables: tickets")
            assert await probe.ready() == (True, "takes writes")


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("CONNECTION LIMIT 0", "CONNECTION LIMIT -1"),
        ("SET default_transaction_read_only = on", "RESET default_transaction_read_only"),
    ],
)
async def test_one_that_is_back_is_ready_again_without_a_hand(tickets_database: ServiceDatabase, fault: str, end: str):
    """Also for sessions that began during the fault, and live on."""
    async with probing(tickets_database) as probe:
        await tickets_database.alter(fault)
        assert not [await probe.ready() for _ in range(3)][-1][0]
        await tickets_database.alter(end)
        assert [await probe.ready() for _ in range(2)][-1] == (True, "takes writes")
