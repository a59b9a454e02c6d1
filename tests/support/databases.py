"""Databases of the tests: cloned from a template migrated once a run, and faults that can be switched on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from opsdash_chassis.database import errors
from opsdash_chassis.database.provision import Passwords, provision
from opsdash_local.postgres import EmbeddedPostgres

from tests.support import requirements

PASSWORDS = Passwords(owner="owner-for-tests", app="app-for-tests", worker="worker-for-tests")


@dataclass(frozen=True)
class ServiceDatabase:
    """The URLs of one database, one for each role that may enter it."""

    name: str
    admin_url: str
    owner_url: str
    app_url: str
    worker_url: str

    @property
    def environment(self) -> dict[str, str]:
        """The settings a service process needs to use this database."""
        return {"OPSDASH_DATABASE_URL": self.app_url, "OPSDASH_DATABASE_WORKER_URL": self.worker_url}

    async def alter(self, what: str) -> None:
        """`ALTER DATABASE`, from another one: a database cannot forbid connections to itself."""
        connection = await asyncpg.connect(_maintenance_url(self.admin_url))
        try:
            await connection.execute(f'ALTER DATABASE "{self.name}" {what}')
        finally:
            await connection.close()

    async def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Rows as the superuser sees them: verdicts must not depend on the roles under test."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()


def database_of(service: str, admin_url: str, name: str) -> ServiceDatabase:
    def url(role: str, password: str) -> str:
        parts = urlsplit(admin_url)
        return urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}", path=f"/{name}"))

    prefix = service.replace("-", "_")
    return ServiceDatabase(
        name=name,
        admin_url=urlunsplit(urlsplit(admin_url)._replace(path=f"/{name}")),
        owner_url=url(f"{prefix}_owner", PASSWORDS.owner),
        app_url=url(f"{prefix}_app", PASSWORDS.app),
        worker_url=url(f"{prefix}_worker", PASSWORDS.worker),
    )


async def make_template(service: str, admin_url: str) -> ServiceDatabase:
    """Roles and an empty database of the service, then its own migrations, as the jobs of production do it."""
    await provision(admin_url, service, PASSWORDS)
    template = database_of(service, admin_url, service.replace("-", "_"))
    await migrate(service, template.owner_url)
    return template


async def migrate(service: str, owner_url: str) -> None:
    """Without a process of its own: its imports take longer than all migrations."""
    from opsdash_chassis.database.migrations import migrations_of, upgrade  # as heavy for tests that need no database

    folder = migrations_of(f"opsdash_{service.replace('-', '_')}")
    await asyncio.to_thread(upgrade, folder, owner_url)


async def ask(server: EmbeddedPostgres, statement: str) -> object:
    """The one value of a statement of the server's administrator."""
    connection = await asyncpg.connect(server.admin_url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def clone(service: str, template: ServiceDatabase) -> ServiceDatabase:
    """Copy the template; nobody may be connected to it at that moment."""
    return await _create(service, template, template.name)


async def not_migrated(service: str, template: ServiceDatabase) -> ServiceDatabase:
    """An empty database with the owner and the rights of the template."""
    return await _create(service, template, "template0")


async def _create(service: str, template: ServiceDatabase, copied: str) -> ServiceDatabase:
    copy = database_of(service, template.admin_url, f"{template.name}_{uuid4().hex[:12]}")
    connection = await asyncpg.connect(_maintenance_url(template.admin_url))
    try:
        await connection.execute(f'CREATE DATABASE "{copy.name}" TEMPLATE "{copied}" OWNER "{template.name}_owner"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{copy.name}" FROM PUBLIC')
        await connection.execute(
            f'GRANT CONNECT ON DATABASE "{copy.name}" TO "{template.name}_app", "{template.name}_worker"'
        )
    finally:
        await connection.close()
    return copy


async def drop(database: ServiceDatabase) -> None:
    connection = await asyncpg.connect(_maintenance_url(database.admin_url))
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{database.name}" WITH (FORCE)')
    finally:
        await connection.close()


def _maintenance_url(admin_url: str) -> str:
    return urlunsplit(urlsplit(admin_url)._replace(path="/postgres"))


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
        await asyncio.to_thread(requirements.fill_disk, filler)
        yield
    finally:
        filler.unlink()


@asynccontextmanager
async def no_connections(databases: Databases) -> AsyncIterator[None]:
    """Somebody else has taken all that the server gives, and the databases give none to those who find a gap."""
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

        async def limit(connections: int) -> None:
            for name in databases.names:
                await administrator.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT {connections}')

        async def end_sessions() -> None:
            while True:
                await administrator.execute(_END_SESSIONS, databases.names)
                await asyncio.sleep(0.2)

        await limit(0)
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
            await limit(-1)
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
