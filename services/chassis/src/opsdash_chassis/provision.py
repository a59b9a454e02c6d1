"""Create a service's database and its three roles: owner (migrations), app (one tenant), worker (crosses orgs)."""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

ROLES = ("owner", "app", "worker")


@dataclass(frozen=True)
class Passwords:
    owner: str
    app: str
    worker: str


async def provision(admin_url: str, service: str, passwords: Passwords) -> None:
    """Make or update roles `<service>_owner|_app|_worker` and database `<service>`; safe to repeat.

    `service` is a trusted identifier of ours, `admin_url` belongs to a role that may create roles and databases.
    """
    name = service.replace("-", "_")
    connection = await asyncpg.connect(admin_url)
    try:
        for role in ROLES:
            await _ensure_role(connection, f"{name}_{role}", getattr(passwords, role))
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}_owner"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO "{name}_app", "{name}_worker"')
    finally:
        await connection.close()


async def _ensure_role(connection: asyncpg.Connection[asyncpg.Record], role: str, password: str) -> None:
    exists = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    attributes = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB"
    statement = await connection.fetchval(
        f"SELECT format('%s ROLE %I {attributes} PASSWORD %L', $1::text, $2::text, $3::text)",
        "ALTER" if exists else "CREATE",
        role,
        password,
    )
    await connection.execute(statement)
