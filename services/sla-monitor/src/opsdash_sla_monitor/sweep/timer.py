"""The timer: sleeps until the next deadline by the database's clock, and sweeps at least every so often anyway."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import structlog
from opsdash_chassis.database.errors import database_errors
from opsdash_chassis.database.pools import Database, OwnConnection

from opsdash_sla_monitor.settings import SlaMonitorSettings
from opsdash_sla_monitor.sweep import metrics, repository
from opsdash_sla_monitor.sweep.service import Sweeper

log = structlog.get_logger(__name__)

CHANNEL = "deadlines"
NEVER = float("inf")
JUST_AFTER_SECONDS = 0.002  # due exactly now is not due yet
SHORTEST_SLEEP_SECONDS = 0.01
IN_OTHER_HANDS_SECONDS = 0.1


class Timer:
    """One turn: sweep, look when the next deadline is, sleep until then or until an earlier one is announced."""

    def __init__(self, settings: SlaMonitorSettings, sweeper: Sweeper) -> None:
        self._settings = settings
        self._sweeper = sweeper
        self._wake = asyncio.Event()
        self._wakes_at = self._announced_at = NEVER
        self._listener: OwnConnection | None = None

    async def turn(self, database: Database) -> None:
        """Raises Unavailable while the database is away; who repeats turns makes the pause."""
        await self._listen()
        counts = await self._sweeper.sweep()
        await self._sleep(await self._seconds_to_next(database, idle=counts.checked == 0))

    def close(self) -> None:
        if self._listener is not None:
            self._listener.terminate()

    async def _listen(self) -> None:
        """Deadlines set by any replica are announced at their commit; a lost announcement costs one sweep interval."""
        if self._listener is not None and not self._listener.is_closed():
            return
        async with database_errors():
            url = self._settings.database_worker_url.get_secret_value()
            self._listener = await asyncpg.connect(
                url, timeout=5, command_timeout=6, server_settings={"application_name": "sla-timer"}
            )
            await self._listener.add_listener(CHANNEL, self._announced)

    def _announced(self, _connection: Any, _pid: int, _channel: str, at: object) -> None:
        self._announced_at = min(self._announced_at, float(str(at)))
        if self._announced_at < self._wakes_at:
            self._wake.set()

    async def _seconds_to_next(self, database: Database, *, idle: bool) -> float:
        """At most the sweep interval. What is announced while the database is asked counts too."""
        self._announced_at, self._wakes_at = NEVER, -NEVER
        self._wake.clear()
        async with database.worker_transaction() as connection:
            upcoming, clock = await repository.next_due(connection)
        due_at = min(self._announced_at, NEVER if upcoming is None else upcoming)
        metrics.OVERDUE_SECONDS.set(max(0.0, clock - due_at))
        self._wakes_at = due_at
        shortest = IN_OTHER_HANDS_SECONDS if idle and due_at <= clock else SHORTEST_SLEEP_SECONDS
        return min(max(due_at - clock + JUST_AFTER_SECONDS, shortest), self._settings.sweep_seconds)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
