"""Lends the connections of a pool, and one that was just released to the next without asking the pool.

The pool takes a connection back in a task of its own and behind timers: a quarter of what a request cost its process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, TypeAlias

import asyncpg

Lent: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Any]"

POOL_WAIT_SECONDS = 2.0
#: Then the pool has it back, which closes connections that are idle for long or have been used for long.
KEPT_SECONDS = 1.0
CLOSE_SECONDS = 5.0


class Connections:
    """The connections of one role. The pool makes and closes them; who waits for one gets the next that is released."""

    def __init__(self, pool: asyncpg.Pool[Any], *, wait_seconds: float = POOL_WAIT_SECONDS) -> None:
        self._pool = pool
        self._wait_seconds = wait_seconds
        self._out = 0  # of the pool: lent or kept
        self._kept: list[Lent] = []
        self._waiting: deque[asyncio.Future[Lent | None]] = deque()
        self._closing = False
        self._timer: asyncio.TimerHandle | None = None
        self._returning: asyncio.Future[Any] | None = None

    async def acquire(self) -> Lent:
        """One connection, to be released. Raises TimeoutError when none is free in time."""
        while self._kept:
            connection = self._kept.pop()
            if _is_good(connection):
                return connection
            await self._return(connection)
        async with asyncio.timeout(self._wait_seconds):
            return await self._next()

    async def release(self, connection: Lent, *, failed: bool) -> None:
        """After a failure, and when its use was cancelled, the pool finds out what state the connection is in."""
        if failed or self._closing or not _is_good(connection):
            await self._return(connection)
        elif not self._lend_to_waiter(connection):
            self._keep(connection)

    async def close(self) -> None:
        """Wait a while for those that are lent, then close all."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._return_kept()
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def _next(self) -> Lent:
        """From the pool, or when it has none left, from who releases one."""
        while self._out >= self._pool.get_max_size():
            if released := await self._wait_for_release():
                return released
        self._out += 1
        try:
            return await self._pool.acquire()
        except BaseException:
            self._out -= 1
            self._lend_to_waiter(None)
            raise

    async def _wait_for_release(self) -> Lent | None:
        """What another one has released; None when the pool may have one."""
        given: asyncio.Future[Lent | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(given)
        try:
            return await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():  # it was ours already, and goes to the next
                if connection := given.result():
                    await self.release(connection, failed=False)
                else:
                    self._lend_to_waiter(None)
            raise

    def _lend_to_waiter(self, connection: Lent | None) -> bool:
        """Whether there was somebody who waits."""
        while self._waiting:
            given = self._waiting.popleft()
            if not given.done():
                given.set_result(connection)
                return True
        return False

    async def _return(self, connection: Lent) -> None:
        try:
            await self._pool.release(connection)
        finally:
            self._out -= 1
            self._lend_to_waiter(None)

    def _keep(self, connection: Lent) -> None:
        self._kept.append(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        self._returning = asyncio.ensure_future(self._return_kept())

    async def _return_kept(self) -> None:
        kept, self._kept = self._kept, []
        await asyncio.gather(*(self._return(connection) for connection in kept))


def _is_good(connection: Lent) -> bool:
    """Open, and in no transaction. One that the server has closed the pool has taken back by itself."""
    try:
        return not connection.is_closed() and not connection.is_in_transaction()
    except asyncpg.InterfaceError:
        return False
