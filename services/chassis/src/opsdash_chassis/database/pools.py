"""PostgreSQL access: two pools (tenant role and cross-org worker role), bounded waits, errors that callers know."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import asyncpg

from opsdash_chassis.crash_points import AFTER_DB_COMMIT, CrashPoints
from opsdash_chassis.database.connections import Connections
from opsdash_chassis.database.errors import READ_ONLY, outage_of
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.settings import DatabaseSettings

Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"
#: One outside of the pools.
OwnConnection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Record: TypeAlias = asyncpg.Record
Result = TypeVar("Result")

#: Rows of what is old; more would hold up others behind one long statement.
PRUNED_AT_ONCE = 10_000
CONNECT_TIMEOUT_SECONDS = 2.0
#: One that is in the middle of a long read rather waits than breaks off.
LONG_READ_WAIT_SECONDS = 10.0
COMMAND_TIMEOUT_SECONDS = 6.0  # a little above the statement timeout: the server's own answer comes first
#: Requests use few statements, written for their indexes: planning one anew each time cost more than running it.
GENERIC_PLANS = "force_generic_plan"
SERVER_SETTINGS = {
    "statement_timeout": "5000",
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
}


def affected_rows(status: str) -> int:
    """The number at the end of a command's status, such as `DELETE 7`."""
    return int(status.rpartition(" ")[2])


def columns_of(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Rows as the arrays that `unnest` makes rows of again; no arrays when there are no rows."""
    return [list(column) for column in zip(*rows, strict=True)]


#: Whether the open transaction has queued events, while there is one.
_queued: ContextVar[list[bool] | None] = ContextVar("queued", default=None)


def notify_after_commit() -> None:
    """The open transaction has queued events: when it has been committed, `after_commit` of its database is called."""
    queued = _queued.get()
    if queued is not None:
        queued.append(True)


class _Connection(asyncpg.Connection):
    """A connection whose session state is never changed outside a transaction, so a reset needs no round trip."""

    def get_reset_query(self) -> str:
        return ""


async def create_pool(url: str, *, size: int, name: str, plan_cache_mode: str = "auto") -> asyncpg.Pool[asyncpg.Record]:
    """Make a pool that opens connections on first use."""
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=COMMAND_TIMEOUT_SECONDS,
        max_inactive_connection_lifetime=300,
        connection_class=_Connection,
        server_settings=SERVER_SETTINGS | {"application_name": name, "plan_cache_mode": plan_cache_mode},
    )


class Database:
    """The pools of one service process; with `long_reads` one more, for reads of many transactions."""

    def __init__(
        self,
        settings: DatabaseSettings,
        *,
        name: str,
        after_commit: Callable[[], None] = lambda: None,
        long_reads: int = 0,
    ) -> None:
        self._settings = settings
        self._after_commit = after_commit
        self._name = name
        self._crash_points = CrashPoints(settings.crash_at)
        self._of_tenant: Connections | None = None
        self._of_worker: Connections | None = None
        self._of_long_reads: Connections | None = None
        self._long_reads = long_reads

    async def open(self) -> None:
        settings = self._settings
        url = settings.database_url.get_secret_value()
        tenant = await create_pool(
            url, size=settings.database_pool_size, name=self._name, plan_cache_mode=GENERIC_PLANS
        )
        worker = await create_pool(
            settings.database_worker_url.get_secret_value(),
            size=settings.database_worker_pool_size,
            name=f"{self._name}-worker",
        )
        self._of_tenant, self._of_worker = Connections(tenant), Connections(worker)
        if self._long_reads:
            pool = await create_pool(
                url, size=self._long_reads, name=f"{self._name}-long", plan_cache_mode=GENERIC_PLANS
            )
            self._of_long_reads = Connections(pool, wait_seconds=LONG_READ_WAIT_SECONDS)

    async def close(self) -> None:
        for connections in (self._of_tenant, self._of_worker, self._of_long_reads):
            if connections is not None:
                await connections.close()

    @asynccontextmanager
    async def tenant_transaction(self) -> AsyncIterator[Connection]:
        """A transaction of the tenant role; until a tenant is opened, row-level security shows it nothing."""
        async with self._transaction(self._of_tenant) as connection:
            yield connection
        self._crash_points.reached(AFTER_DB_COMMIT)

    @asynccontextmanager
    async def long_read_transaction(self) -> AsyncIterator[Connection]:
        """Like `tenant_transaction`, on connections that no other request waits for."""
        async with self._transaction(self._of_long_reads) as connection:
            yield connection

    def tenant_statement(self) -> AbstractAsyncContextManager[Connection]:
        """A connection of the tenant role for one reading statement, which is a transaction of its own."""
        return _Loan(self._of_tenant)

    @asynccontextmanager
    async def worker_transaction(self) -> AsyncIterator[Connection]:
        """A transaction of the role for work that crosses orgs: consumers, relay, jobs."""
        async with self._transaction(self._of_worker) as connection:
            yield connection

    async def current_time(self) -> datetime:
        """What the database's clock says now, in or out of a transaction."""
        async with _Loan(self._of_worker) as connection:
            now: datetime = await connection.fetchval("SELECT clock_timestamp()")
            return now

    @asynccontextmanager
    async def _transaction(self, connections: Connections | None) -> AsyncIterator[Connection]:
        with self._watching_queue():
            async with _Loan(connections) as connection, connection.transaction():
                yield connection

    @contextmanager
    def _watching_queue(self) -> Iterator[None]:
        """The hint for the relay follows the commit. A NOTIFY inside would hold the cluster's one lock for it until the
        commit is on disk: writers would wait for each other.
        """
        around, queued = _queued.get(), list[bool]()
        _queued.set(queued)
        try:
            yield
        finally:
            _queued.set(around)
        if queued:
            self._after_commit()


class _Loan(AbstractAsyncContextManager[Connection]):
    """A connection for a block. Written out: as generators inside each other it was a tenth of what a request cost."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections | None) -> None:
        if connections is None:
            raise Unavailable("The service is starting.")
        self._connections = connections

    async def __aenter__(self) -> Connection:
        try:
            self._connection = await self._connections.acquire()
        except Exception as error:
            _raise_unavailable(error)
            raise
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if error is not None and outage_of(error) is READ_ONLY:
            # Whether a session may write can be settled when it begins: this one would refuse for as long as it lives.
            self._connection.terminate()
        try:
            await self._connections.release(self._connection, failed=error is not None)
        except Exception as failure:
            _raise_unavailable(failure)
            raise
        if error is not None:
            _raise_unavailable(error)


def _raise_unavailable(error: BaseException) -> None:
    """Raise it when the database is at fault, not the statement."""
    if outage := outage_of(error):
        raise outage.error() from error
