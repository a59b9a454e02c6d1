"""asyncpg's pool lends every connection and takes it back itself."""

from __future__ import annotations

from opsdash_chassis.database import pools
from opsdash_chassis.database.connections import Connections, Lent

from benchmarks.without import run_service


class PoolOnly(Connections):
    """In place of the chassis's own lending."""

    async def acquire(self) -> Lent:
        return await self._pool.acquire(timeout=self._wait_seconds)

    async def release(self, connection: Lent, *, failed: bool) -> None:  # noqa: ARG002 - the pool finds out
        await self._pool.release(connection)


if __name__ == "__main__":
    vars(pools)["Connections"] = PoolOnly
    run_service()
