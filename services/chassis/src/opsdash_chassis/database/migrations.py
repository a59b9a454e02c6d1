"""Alembic for every service: run as a job by the owner role, plus the statements that force tenancy on a table."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from importlib.resources import files
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from alembic import command, context, op
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.ext.asyncio import create_async_engine

from opsdash_chassis.errors import NewerDatabase

LOCK_TIMEOUT = "10s"
LOOK_AGAIN_SECONDS = 0.2
TENANT_IS_CURRENT = "org_id = nullif(current_setting('app.org_id', true), '')::uuid"


def alembic_config(location: Path, owner_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(location).replace("%", "%%"))  # the parser interpolates
    config.attributes["url"] = owner_url
    return config


def migrations_of(package: str) -> Path:
    """The folder of a service's migrations."""
    return Path(str(files(package))) / "database" / "migrations"


def upgrade(location: Path, owner_url: str, revision: str = "head") -> None:
    """Bring the database to a revision; safe to repeat and to run twice at once (advisory lock).

    Raises NewerDatabase when a newer version has migrated the database.
    """
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
    """Each revision commits on its own, so that none holds the locks of the one before; the session holds ours."""
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    _wait_for_turn(connection)
    _refuse_newer(context.get_context().get_current_heads())
    connection.commit()
    context.run_migrations()


def _wait_for_turn(connection: sa.Connection) -> None:
    """Look again and again: an index that is built beside writers waits for every statement that waits."""
    while not connection.scalar(sa.text("SELECT pg_try_advisory_lock(hashtext('opsdash migrations'))")):
        connection.commit()
        time.sleep(LOOK_AGAIN_SECONDS)


def _refuse_newer(found: tuple[str, ...]) -> None:
    """Every released revision is kept, so one that is not here belongs to a version after this one."""
    for revision in found:
        try:
            context.script.get_revision(revision)
        except CommandError as error:
            raise NewerDatabase(
                f"the database is at revision {revision} and this version knows revisions up to"
                f" {context.script.get_current_head()}: a newer version has migrated it. Run that version or a newer"
                " one; to go back one release, start its services without this job, for they serve a newer schema"
            ) from error


def build_index(name: str, definition: str) -> None:
    """Build an index while others read and write; what a build that broke off has left is built anew.

    In a revision of its own, whose statements can be repeated: each commits by itself.
    """
    with context.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")  # nobody waits for what waits here
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {definition}")
        op.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")


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


def look_in_temporary_schemas_last() -> None:
    """Pin the search path of every function that has one: a schema that it does not name, `pg_temp`, would come first.

    Whoever calls a function that runs as the owner could else put a temporary table in the place of ours.
    """
    op.execute("""
    DO $$ DECLARE pinned regprocedure; BEGIN
        FOR pinned IN
            SELECT oid FROM pg_proc
            WHERE pronamespace = 'public'::regnamespace AND array_to_string(proconfig, ';') LIKE '%search_path=%'
        LOOP
            EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', pinned);
        END LOOP;
    END $$
    """)
