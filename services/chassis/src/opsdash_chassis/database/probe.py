"""Whether the database takes writes now. `SELECT 1` does not tell: it works on a full, read-only or locked database.

The probe changes no row. It takes the lock that a write takes on every table, runs a DELETE of nothing, which a
read-only database refuses, spills a megabyte to disk, which a full one refuses, and commits a record to the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from opsdash_chassis.database.errors import EXHAUSTED, LOCKED, SLOW
from opsdash_chassis.database.pools import Database
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability.dependencies import Dependency

FRESH_SECONDS = 1.0
EVERY_SECONDS = 3.0
DEADLINE_SECONDS = 1.5
NAMING_SECONDS = 0.3  # with the deadline below the two seconds that readiness waits
#: What a moment of load or a short lock can cause is an outage when it is found twice in a row.
MAY_PASS = frozenset({SLOW.detail, LOCKED.detail, EXHAUSTED.detail})

_LIMITS = "SET LOCAL lock_timeout = 500; SET LOCAL statement_timeout = 1500; SET LOCAL work_mem = '64kB'"
_TABLES = """
SELECT string_agg(format('%I', relname), ', ' ORDER BY relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
AND has_table_privilege(oid, 'INSERT, UPDATE, DELETE')
"""
_WRITE = """
WITH spilled AS MATERIALIZED (SELECT repeat('x', 8192) AS block FROM generate_series(1, 128)),
     refused_when_read_only AS (DELETE FROM outbox WHERE false)
SELECT pg_logical_emit_message(true, 'opsdash.probe', count(block)::text) FROM spilled
"""
_LOCKED_TABLES = """
SELECT string_agg(DISTINCT relation::regclass::text, ', ') FROM pg_locks
WHERE granted AND relation IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
AND mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""


class DatabaseProbe:
    """Asks at most once a second, whoever wants to know; those who ask meanwhile share the answer."""

    def __init__(
        self, database: Database, dependency: Dependency, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._dependency = dependency
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asked_at: float | None = None
        self._failures = 0
        self._reason = ""
        self._tables = ""

    async def run(self) -> None:
        """Look again and again, so that log and metrics tell also when nobody asks."""
        while True:
            await self.ready()
            await asyncio.sleep(EVERY_SECONDS)

    async def ready(self) -> tuple[bool, str]:
        """False with the reason while writes fail."""
        async with self._turn:
            if self._asked_at is None or self._clock() - self._asked_at >= FRESH_SECONDS:
                await self._ask()
                self._asked_at = self._clock()
        return not self._reason, self._reason or "takes writes"

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await self._write()
        except Exception as error:  # noqa: BLE001 - whatever keeps it from being written to is a reason
            await self._note(_reason(error))
        else:
            self._failures, self._reason = 0, ""
            self._dependency.back(part="probe")

    async def _note(self, reason: str) -> None:
        self._failures += 1
        if reason in MAY_PASS and self._failures == 1:
            return
        if reason == LOCKED.detail and (tables := await self._locked_tables()):
            reason = f"{reason} Tables: {tables}"
        self._reason = reason
        self._dependency.away(reason, part="probe")

    async def _write(self) -> None:
        async with self._database.worker_transaction() as connection:
            await connection.execute(_LIMITS)
            self._tables = self._tables or await connection.fetchval(_TABLES)
            await connection.execute(f"LOCK TABLE {self._tables} IN ROW EXCLUSIVE MODE")
            await connection.fetchval(_WRITE)

    async def _locked_tables(self) -> str:
        """Which they are; none when the lock is gone again."""
        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(NAMING_SECONDS), self._database.worker_transaction() as connection:
                return await connection.fetchval(_LOCKED_TABLES) or ""
        return ""


def _reason(error: Exception) -> str:
    if isinstance(error, Unavailable):
        return error.detail
    return SLOW.detail if isinstance(error, TimeoutError) else f"the check failed: {error!r}"
