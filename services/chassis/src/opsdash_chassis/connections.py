"""Lends the connections of a pool, and one that was just given back again without asking the pool.

The pool takes a connection back in a task of its own and behind timers: a quarter of what a request cost its process.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeAlias

import asyncpg

Lent: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Any]"

POOL_WAIT_SECONDS = 2.0
#: Then the pool has it back, which closes connections that are idle for long or have been used for long.
KEPT_SECONDS = 1.0
CLOSE_SECONDS = 5.0


class Connections:
    """The connections of one role. The pool makes, counts and closes them."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._kept: list[Lent] = []
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._returning: asyncio.Future[Any] | None = None

    async def take(self) -> Lent:
        """One connection, to be given back. Raises TimeoutError when none is free in time."""
        while self._kept:
            connection = self._kept.pop()
            if _is_good(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1  # from here on the pool gets all that is given back, for those who wait there
        try:
            return await self._pool.acquire(timeout=POOL_WAIT_SECONDS)
        finally:
            self._waiting -= 1

    async def give_back(self, connection: Lent, *, failed: bool) -> None:
        """After a failure, and when its use was cancelled, the pool finds out what state the connection is in."""
        if failed or self._waiting or not _is_good(connection):
            await self._pool.release(connection)
        else:
            self._keep(connection)

    async def close(self) -> None:
        """Wait a while for those that are lent, then close all."""
        self._waiting += 1  # the pool itself: it gets all that is given back
        if self._timer is not None:
            self._timer.cancel()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._return_kept()
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    def _keep(self, connection: Lent) -> None:
        self._kept.append(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._returning = asyncio.ensure_future(self._return_kept())

    async def _return_kept(self) -> None:
        kept, self._kept = self._kept, []
        await asyncio.gather(*(self._pool.release(connection) for connection in kept))


def _is_good(connection: Lent) -> bool:
    """Open, and in no transaction. One that the server has closed the pool has taken back by itself."""
    try:
        return not connection.is_closed() and not connection.is_in_transaction()
    except asyncpg.InterfaceError:
        return False
