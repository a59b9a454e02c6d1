"""Lending connections: nobody waits for one that is there, and none is lent in a state of somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from opsdash_chassis.database import connections as lending
from opsdash_chassis.database.connections import Connections
from opsdash_chassis.database.pools import create_pool

from tests.support.databases import ServiceDatabase
from tests.support.measurements import eventually

SIZE = 2
PID = "SELECT pg_backend_pid()"


@pytest.fixture
async def pool(tickets_database: ServiceDatabase) -> AsyncIterator[asyncpg.Pool]:
    made = await create_pool(tickets_database.app_url, size=SIZE, name="lending")
    yield made
    made.terminate()


@pytest.fixture
def connections(pool: asyncpg.Pool) -> Connections:
    return Connections(pool)


@asynccontextmanager
async def lent(connections: Connections) -> AsyncIterator[asyncpg.Connection]:
    connection, failed = await connections.acquire(), True
    try:
        yield connection
        failed = False
    finally:
        await connections.release(connection, failed=failed)


async def pid_of(connections: Connections) -> int:
    async with lent(connections) as connection:
        pid: int = await connection.fetchval(PID)
        return pid


async def test_one_that_was_given_back_is_lent_again_and_the_pool_has_it_in_the_end(pool, connections):
    assert len({await pid_of(connections) for _ in range(20)}) == 1
    assert pool.get_size() == 1

    async def idle() -> bool:
        return bool(pool.get_idle_size() == 1)

    await eventually(idle)
    assert await pid_of(connections)


async def test_many_share_few_and_each_gets_one_in_time(pool, connections):
    async def use() -> None:
        for _ in range(25):
            async with lent(connections) as connection, connection.transaction():
                await connection.execute("SELECT pg_sleep(0.001)")

    await asyncio.gather(*(use() for _ in range(40)))
    assert pool.get_size() == SIZE


async def test_who_waits_gets_the_next_one_that_is_given_back(connections):
    free = asyncio.Event()

    async def hold() -> None:
        async with lent(connections):
            await free.wait()

    holding = [asyncio.create_task(hold()) for _ in range(SIZE)]
    await asyncio.sleep(0.1)
    waiting = [asyncio.create_task(pid_of(connections)) for _ in range(10)]
    await asyncio.sleep(0.1)
    free.set()
    assert len(set(await asyncio.gather(*waiting))) <= SIZE
    await asyncio.gather(*holding)


async def test_one_handed_to_somebody_who_leaves_goes_to_the_next(connections):
    held = [await connections.acquire() for _ in range(SIZE)]
    leaving, staying = (asyncio.create_task(pid_of(connections)) for _ in range(2))
    await asyncio.sleep(0.1)
    await connections.release(held.pop(), failed=False)
    leaving.cancel()
    assert await staying
    await connections.release(held.pop(), failed=False)
    assert isinstance((await asyncio.gather(leaving, return_exceptions=True))[0], asyncio.CancelledError)


async def test_who_waits_while_another_one_breaks_gets_a_new_one(connections):
    held = [await connections.acquire() for _ in range(SIZE)]
    waiting = asyncio.create_task(pid_of(connections))
    await asyncio.sleep(0.1)
    broken = held.pop()
    await broken.close()
    await connections.release(broken, failed=True)
    assert await waiting
    await connections.release(held.pop(), failed=False)


async def test_none_in_time_is_an_error(connections, monkeypatch: pytest.MonkeyPatch):
    async with lent(connections), lent(connections):
        monkeypatch.setattr(lending, "POOL_WAIT_SECONDS", 0.05)
        with pytest.raises(TimeoutError):
            await pid_of(connections)


@pytest.mark.parametrize("ending", ["fails", "is cancelled", "leaves a transaction open"])
async def test_after_a_bad_ending_the_next_one_finds_a_clean_connection(connections, ending: str):
    async def end_badly() -> None:
        async with lent(connections) as connection:
            await connection.execute("BEGIN")
            await connection.execute("SELECT set_config('app.org_id', 'somebody', true)")
            if ending == "fails":
                await connection.execute("SELECT 1 / 0")
            if ending == "is cancelled":
                await connection.execute("SELECT pg_sleep(30)")

    task = asyncio.create_task(end_badly())
    if ending == "is cancelled":
        await asyncio.sleep(0.3)
        task.cancel()
    (error,) = await asyncio.gather(task, return_exceptions=True)
    expected = {"fails": asyncpg.DivisionByZeroError, "is cancelled": asyncio.CancelledError}
    assert error is None if ending not in expected else isinstance(error, expected[ending])
    for _ in range(3):
        async with lent(connections) as connection:
            assert not connection.is_in_transaction()
            assert not await connection.fetchval("SELECT current_setting('app.org_id', true)")


async def test_one_that_the_server_has_closed_meanwhile_is_not_lent(tickets_database: ServiceDatabase, connections):
    killed = await pid_of(connections)
    connection = connections._kept[0]._con
    admin = await asyncpg.connect(tickets_database.admin_url)
    await admin.execute("SELECT pg_terminate_backend($1)", killed)

    await admin.close()

    async def seen() -> bool:
        return bool(connection.is_closed())

    await eventually(seen)
    assert await pid_of(connections) != killed


async def test_closing_waits_for_those_that_are_lent_and_for_nobody_else(
    pool, connections, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lending, "CLOSE_SECONDS", 60)
    await pid_of(connections)
    begun = asyncio.Event()

    async def use() -> int:
        async with lent(connections) as connection:
            begun.set()
            pid: int = await connection.fetchval("SELECT pg_backend_pid() FROM pg_sleep(0.3)")
            return pid

    using = asyncio.create_task(use())
    await begun.wait()
    async with asyncio.timeout(30):
        await connections.close()
    assert using.done()
    with pytest.raises(asyncpg.InterfaceError):
        await pid_of(connections)
