"""A fresh, migrated database for every test, cloned from a template that is migrated once a run."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
from opsdash_chassis.database.provision import Passwords, provision
from opsdash_local.postgres import EmbeddedPostgres

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
