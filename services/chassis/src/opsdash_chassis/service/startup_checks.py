"""What must be true of the database before a service takes work; otherwise it refuses to start and says why."""

from __future__ import annotations

import asyncio
import time

import asyncpg
import structlog

from opsdash_chassis.database.errors import database_errors
from opsdash_chassis.database.pools import OwnConnection
from opsdash_chassis.errors import StartupError, Unavailable
from opsdash_chassis.settings import DatabaseSettings

log = structlog.get_logger(__name__)

_IS_ABOVE_ROW_SECURITY = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
_OWNED = """
SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace
AND relkind IN ('r', 'p') AND pg_has_role(current_user, relowner, 'USAGE')
"""
_UNFORCED = """
SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'org_id'
AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY 1
"""
_CONNECTIONS = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
     - coalesce(current_setting('reserved_connections', true)::int, 0)
"""
_VERSION = "SELECT current_setting('server_version_num')::int"
OLDEST_POSTGRESQL = 16
RETRY_SECONDS = 1.0
SAID_EVERY_SECONDS = 10.0
WAIT_SETTING = "OPSDASH_DATABASE_START_TIMEOUT_SECONDS"
#: A wrong password or name is refused at once: it is a mistake more often than a server that is being set up.
MISTAKES = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)


async def check_database(settings: DatabaseSettings, *, revision: str) -> None:
    """Check both roles, forced row-level security, the schema revision and the room for our pools.

    Waits for a database that is away. Raises StartupError with the way out.
    """
    urls = {
        "OPSDASH_DATABASE_URL": settings.database_url.get_secret_value(),
        "OPSDASH_DATABASE_WORKER_URL": settings.database_worker_url.get_secret_value(),
    }
    deadline = time.monotonic() + settings.database_start_timeout_seconds
    for setting, url in urls.items():
        connection = await _connect(setting, url, deadline, settings.database_start_timeout_seconds)
        try:
            await _check_version(connection)
            await _check_role(connection, setting)
            await _check_schema(connection, revision)
            await _check_room(connection, settings)
        finally:
            await connection.close(timeout=2)


async def _connect(setting: str, url: str, deadline: float, patience_seconds: float) -> OwnConnection:
    """Try until the deadline, with a line now and then."""
    said_at = -SAID_EVERY_SECONDS
    while True:
        try:
            async with database_errors():
                return await asyncpg.connect(url, timeout=3, command_timeout=5)
        except (Unavailable, asyncpg.PostgresError, ValueError) as error:
            cause = error.__cause__ or error
            reason = f"{setting}: the database cannot be reached ({type(cause).__name__})"
            if not isinstance(error, Unavailable) or isinstance(cause, MISTAKES):
                raise StartupError(reason) from error
            if time.monotonic() >= deadline:
                raise StartupError(f"{reason} within {patience_seconds:g} s ({WAIT_SETTING})") from error
            if time.monotonic() - said_at >= SAID_EVERY_SECONDS:
                said_at = time.monotonic()
                left = round(max(0.0, deadline - said_at))
                log.warning("database_awaited", reason=reason, gives_up_in_seconds=left)
            await asyncio.sleep(RETRY_SECONDS)


async def _check_version(connection: OwnConnection) -> None:
    major = await connection.fetchval(_VERSION) // 10_000
    if major < OLDEST_POSTGRESQL:
        raise StartupError(f"PostgreSQL {major} is too old: {OLDEST_POSTGRESQL} or newer is needed")


async def _check_role(connection: OwnConnection, setting: str) -> None:
    is_above: bool | None = await connection.fetchval(_IS_ABOVE_ROW_SECURITY)
    if is_above is None or is_above:
        raise StartupError(f"{setting}: the role is a superuser or may bypass row security; use a plain role")
    if await connection.fetchval(_OWNED):
        raise StartupError(f"{setting}: the role owns tables; use the app or worker role, not the owner")


async def _check_schema(connection: OwnConnection, revision: str) -> None:
    try:
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        found = None
    if found is None or found < revision:
        raise StartupError(f"the schema is at revision {found}, this version needs {revision}: run the migrate job")
    if found > revision:  # the next release has migrated first, or this one came back: migrations only add
        log.warning("schema_is_newer", found=found, needed=revision)
    unforced = [name for (name,) in await connection.fetch(_UNFORCED)]
    if unforced:
        raise StartupError(f"row security is not forced on: {', '.join(unforced)}")


async def _check_room(connection: OwnConnection, settings: DatabaseSettings) -> None:
    replicas = settings.database_maximum_replicas
    wanted = replicas * settings.database_connections
    room = await connection.fetchval(_CONNECTIONS)
    if wanted > room:
        raise StartupError(
            f"OPSDASH_DATABASE_POOL_SIZE: {wanted} connections for {replicas} replicas"
            f" (OPSDASH_DATABASE_MAXIMUM_REPLICAS), but the server allows {room}"
        )
