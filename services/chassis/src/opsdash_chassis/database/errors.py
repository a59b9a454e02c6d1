"""Which errors mean that PostgreSQL cannot serve now, whatever was asked of it, by SQLSTATE.

Such a call may succeed later: HTTP answers 503 and a consumer holds its message. Every other error is about the
statement or its values (classes 22, 23, 42, …). https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from opsdash_chassis.errors import StorageUnwritable, Unavailable


@dataclass(frozen=True, slots=True)
class Outage:
    """What callers are told, and when to come back."""

    detail: str
    retry_after_seconds: int = 2
    kind: type[Unavailable] = Unavailable

    def error(self) -> Unavailable:
        return self.kind(self.detail, self.retry_after_seconds)


AWAY = Outage("The database cannot be reached.")
SLOW = Outage("The database did not answer in time.")
LOCKED = Outage("The data is locked by something else.")
EXHAUSTED = Outage("The database has no room for more work.")
BROKEN = Outage("The database reports a fault of its own.", retry_after_seconds=10)
READ_ONLY = Outage("The database takes no changes now; reading still works.", 5, StorageUnwritable)
FULL = Outage("The storage is full; reading still works.", 30, StorageUnwritable)

BY_CLASS: Mapping[str, Outage] = {
    "08": AWAY,  # connection
    "28": AWAY,  # authorization: a password is being changed
    "3D": AWAY,  # no such database: it is being restored
    "40": LOCKED,  # rolled back: serialization, deadlock
    "53": EXHAUSTED,  # memory, connections
    "57": AWAY,  # shut down, crashed, starting
    "58": BROKEN,  # input and output
    "72": LOCKED,  # snapshot too old
    "F0": BROKEN,  # configuration file
    "XX": BROKEN,  # internal, damaged data or index
}
BY_CODE: Mapping[str, Outage] = {
    "25006": READ_ONLY,
    "25P03": SLOW,  # idle in transaction
    "25P04": SLOW,  # transaction timeout
    "53100": FULL,
    "55000": AWAY,  # connections to the database are switched off
    "55006": LOCKED,
    "55P03": LOCKED,
    "57014": SLOW,  # statement timeout
}
#: What the driver raises without a word from the server. A cached plan is invalid once, after a migration.
OF_THE_DRIVER: tuple[type[BaseException], ...] = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InvalidCachedStatementError,
)


def outage_of(error: BaseException) -> Outage | None:
    """None when the error is about the statement."""
    if isinstance(error, OF_THE_DRIVER):
        return AWAY
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return BY_CODE.get(state) or BY_CLASS.get(state[:2])
    if isinstance(error, TimeoutError):
        return SLOW
    return AWAY if isinstance(error, OSError) else None


@asynccontextmanager
async def database_errors() -> AsyncIterator[None]:
    """Raise Unavailable in place of an outage's error; leave real mistakes alone."""
    try:
        yield
    except Exception as error:
        if outage := outage_of(error):
            raise outage.error() from error
        raise
