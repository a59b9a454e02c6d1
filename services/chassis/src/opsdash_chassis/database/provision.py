"""Create a service's database and its three roles: owner (migrations), app (one tenant), worker (crosses orgs)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import asyncpg

from opsdash_chassis.database.pools import OwnConnection
from opsdash_chassis.settings import PREFIX, ConfigurationError, ProvisionSettings

_OPEN_DATABASES = """
SELECT datname FROM pg_database
WHERE datname IN ('postgres', 'template1') AND has_database_privilege('public', datname, 'CONNECT')
"""
_IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
ROLES = ("owner", "app", "worker")


@dataclass(frozen=True)
class Passwords:
    owner: str
    app: str
    worker: str


def passwords_of(settings: ProvisionSettings, service: str) -> Passwords:
    """Take the passwords from the very URLs that are to work afterwards, so the two can never differ.

    Raises ConfigurationError for a URL of another role or database.
    """
    name = service.replace("-", "_")
    found = {}
    for role, setting in (
        ("owner", "database_owner_url"),
        ("app", "database_url"),
        ("worker", "database_worker_url"),
    ):
        url = urlsplit(getattr(settings, setting).get_secret_value())
        if url.username != f"{name}_{role}" or not url.password or url.path != f"/{name}":
            raise ConfigurationError(
                f"{PREFIX}{setting.upper()}: must name the role {name}_{role}, its password and the database {name}"
            )
        found[role] = unquote(url.password)
    return Passwords(**found)


async def provision(admin_url: str, service: str, passwords: Passwords) -> None:
    """Make or update roles `<service>_owner|_app|_worker` and database `<service>`; safe to repeat.

    `service` is a trusted identifier of ours, `admin_url` belongs to a role that may create roles and databases.
    """
    name = service.replace("-", "_")
    connection = await asyncpg.connect(admin_url)
    try:
        for role in ROLES:
            await _ensure_role(connection, f"{name}_{role}", getattr(passwords, role))
        # Only a superuser may give a database to a role it is no member of.
        if not await connection.fetchval(_IS_SUPERUSER):
            await connection.execute(f'GRANT "{name}_owner" TO CURRENT_USER WITH SET TRUE')
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}_owner"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{name}_app", "{name}_worker"')
        await _keep_roles_out_of_common_databases(connection)
    finally:
        await connection.close()


async def _keep_roles_out_of_common_databases(connection: OwnConnection) -> None:
    """On a server of our own nobody but superusers enters the databases that PostgreSQL comes with."""
    if not await connection.fetchval(_IS_SUPERUSER):
        return
    async with connection.transaction():  # several services are provisioned at once
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('provision', 0))")
        for row in await connection.fetch(_OPEN_DATABASES):
            await connection.execute(f'REVOKE CONNECT ON DATABASE "{row["datname"]}" FROM PUBLIC')


async def _ensure_role(connection: OwnConnection, role: str, password: str) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    # Only a superuser may even name the other attributes of a role that exists; services check them at their start.
    action = "ALTER ROLE %I LOGIN" if exists else "CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB"
    statement = await connection.fetchval(
        f"SELECT format('{action} PASSWORD %L', $1::text, $2::text)",
        role,
        password,
    )
    await connection.execute(statement)
