"""PostgreSQL half away: it answers, and for as long as the block lasts it cannot do what consumers need of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from opsdash_chassis.database import errors
from opsdash_local.postgres import EmbeddedPostgres

from tests.support import small_disk
from tests.support.databases import ServiceDatabase

#: What the consumer of each service writes to.
WRITTEN = {"tickets": "tickets", "comments": "threads", "sla-monitor": "deadlines"}
#: Read by the trigger in the path of every message; installed once, so that a fault begins and ends with a row.
SWITCH = (
    "CREATE TABLE fault (kind text)",
    """CREATE FUNCTION meet_fault() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    DECLARE kind text := (SELECT fault.kind FROM public.fault LIMIT 1);
    BEGIN
        IF kind = 'slow' THEN PERFORM pg_sleep(20); END IF;
        IF kind = 'conflicts' THEN RAISE 'could not serialize access' USING ERRCODE = 'serialization_failure'; END IF;
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER meet_fault BEFORE INSERT ON inbox FOR EACH STATEMENT EXECUTE FUNCTION meet_fault()",
    # A page takes seven rows then, so that a full disk refuses a dozen: otherwise they find room in what is there.
    "ALTER TABLE inbox SET (fillfactor = 10)",
)
_END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY($1::text[])"
PARKERS = 4


@dataclass
class Databases:
    """One server, a database for each service, and the disk they are on if it is small enough to be filled."""

    server: EmbeddedPostgres
    of: dict[str, ServiceDatabase]
    disk: Path | None

    async def each(self, statement: str) -> None:
        for database in self.of.values():
            await database.fetch(statement)

    async def alter(self, what: str) -> None:
        for database in self.of.values():
            await database.alter(what)

    @asynccontextmanager
    async def administrator(self) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
        connection = await asyncpg.connect(self.server.admin_url)
        try:
            yield connection
        finally:
            await connection.close()

    @property
    def names(self) -> list[str]:
        return [database.name for database in self.of.values()]


Fault: TypeAlias = Callable[[Databases], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def read_only(databases: Databases) -> AsyncIterator[None]:
    """As after a failover to a standby: connections break, and the new ones may only read."""
    await databases.alter("SET default_transaction_read_only = on")
    async with databases.administrator() as administrator:
        await administrator.execute(_END_SESSIONS, databases.names)
    try:
        yield
    finally:
        await databases.alter("RESET default_transaction_read_only")


@asynccontextmanager
async def locked(databases: Databases) -> AsyncIterator[None]:
    """Somebody changes a table by hand and has not committed yet."""
    holders = {name: await asyncpg.connect(database.admin_url) for name, database in databases.of.items()}
    try:
        for name, holder in holders.items():
            await holder.execute(f"BEGIN; LOCK TABLE {WRITTEN[name]} IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        for holder in holders.values():
            await holder.close()


@asynccontextmanager
async def full(databases: Databases) -> AsyncIterator[None]:
    assert databases.disk is not None, "the databases are on a disk that cannot be filled"
    filler = databases.disk.parent / "filler"
    try:
        await asyncio.to_thread(small_disk.fill, filler)
        yield
    finally:
        filler.unlink()


@asynccontextmanager
async def no_connections(databases: Databases) -> AsyncIterator[None]:
    """Somebody else has taken all that the server gives, and takes what is given back."""
    parked: list[asyncpg.Connection[asyncpg.Record]] = []
    refused = asyncio.Event()
    server = urlsplit(databases.server.admin_url)
    address = f"{server.hostname}:{server.port}"
    somebody = urlunsplit(server._replace(netloc=f"somebody:somebody@{address}", path="/postgres"))

    async def park() -> None:
        while True:
            try:
                parked.append(await asyncpg.connect(somebody))
            except asyncpg.TooManyConnectionsError:
                refused.set()
                await asyncio.sleep(0.02)

    async with databases.administrator() as administrator:
        await administrator.execute("CREATE ROLE somebody LOGIN PASSWORD 'somebody'")
        await administrator.execute("GRANT CONNECT ON DATABASE postgres TO somebody")

        async def end_sessions() -> None:
            while True:
                await administrator.execute(_END_SESSIONS, databases.names)
                await asyncio.sleep(0.2)

        tasks = [asyncio.create_task(work) for work in (end_sessions(), *(park() for _ in range(PARKERS)))]
        try:
            await asyncio.wait_for(refused.wait(), 30)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for connection in parked:
                connection.terminate()
            await administrator.execute("REVOKE CONNECT ON DATABASE postgres FROM somebody")
            await administrator.execute("DROP ROLE somebody")


def switched(kind: str) -> Fault:
    """The trigger in the path of every message does this."""

    @asynccontextmanager
    async def fault(databases: Databases) -> AsyncIterator[None]:
        await databases.each(f"INSERT INTO fault VALUES ('{kind}')")
        try:
            yield
        finally:
            await databases.each("DELETE FROM fault")

    return fault


#: Each with what readiness says of it.
FAULTS: dict[str, tuple[Fault, str]] = {
    "read-only": (read_only, errors.READ_ONLY.detail),
    "locked": (locked, errors.LOCKED.detail),
    "full": (full, errors.FULL.detail),
    "no-connections": (no_connections, errors.EXHAUSTED.detail),
    "slow": (switched("slow"), errors.SLOW.detail),
    "conflicts": (switched("conflicts"), errors.LOCKED.detail),
}
