"""Alembic for every service: run as a job by the owner role, plus the statements that force tenancy on a table."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from alembic import command, context, op
from alembic.config import Config
from sqlalchemy.ext.asyncio import create_async_engine

TENANT_IS_CURRENT = "org_id = nullif(current_setting('app.org_id', true), '')::uuid"


def alembic_config(location: Path, owner_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(location))
    config.attributes["url"] = owner_url
    return config


def upgrade(location: Path, owner_url: str, revision: str = "head") -> None:
    """Bring the database to a revision; safe to repeat and to run twice at once (advisory lock)."""
    command.upgrade(alembic_config(location, owner_url), revision)


def run_environment(metadata: sa.MetaData) -> None:
    """Body of a service's `migrations/env.py`."""
    asyncio.run(_run(metadata, str(context.config.attributes["url"])))


async def _run(metadata: sa.MetaData, url: str) -> None:
    # The driver reads the URL itself: SQLAlchemy would not know what `sslmode` in it means.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=partial(asyncpg.connect, url))
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_run_locked, metadata)
    finally:
        await engine.dispose()


def _run_locked(connection: sa.Connection, metadata: sa.MetaData) -> None:
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        connection.execute(sa.text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('opsdash migrations'))"))
        context.run_migrations()


def force_tenancy(table: str, *, service: str) -> None:
    """Enable and force row-level security: the app role sees its tenant only, the worker role crosses orgs."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table} TO {service}_app USING ({TENANT_IS_CURRENT}) WITH CHECK ({TENANT_IS_CURRENT})"
    )
    op.execute(f"CREATE POLICY worker ON {table} TO {service}_worker USING (true) WITH CHECK (true)")


def grant(table: str, *, service: str, app: str = "", worker: str = "") -> None:
    """Give the two run-time roles exactly the named privileges on a table."""
    for role, privileges in ((f"{service}_app", app), (f"{service}_worker", worker)):
        if privileges:
            op.execute(f"GRANT {privileges} ON {table} TO {role}")


def protect_event_tables(*, service: str) -> None:
    """Tenancy and privileges of the shared tables; the history is append-only for the app role."""
    for table in ("history", "outbox"):
        force_tenancy(table, service=service)
    grant("history", service=service, app="SELECT, INSERT", worker="SELECT, INSERT")
    grant("outbox", service=service, app="SELECT, INSERT", worker="SELECT, INSERT, UPDATE, DELETE")
    grant("inbox", service=service, worker="SELECT, INSERT, DELETE")
    grant("dead_letters_resolved", service=service, worker="SELECT, INSERT")
    grant("alembic_version", service=service, app="SELECT", worker="SELECT")
