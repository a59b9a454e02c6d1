"""The life of a service process with a database: checked, started, stopped in the order that loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import structlog
from opsdash_contracts.topics import relayed_topics

from opsdash_chassis.consuming import inbox_repository
from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_chassis.database import idempotency_keys
from opsdash_chassis.database.pools import PRUNED_AT_ONCE, Database
from opsdash_chassis.database.probe import DatabaseProbe
from opsdash_chassis.errors import Unavailable
from opsdash_chassis.observability import metrics
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.observability.health import Health
from opsdash_chassis.outbox.relay import Relay
from opsdash_chassis.service import clock
from opsdash_chassis.service.background import BackgroundTasks
from opsdash_chassis.service.clock import ClockWatch
from opsdash_chassis.service.startup_checks import check_database
from opsdash_chassis.settings import DatabaseSettings

log = structlog.get_logger(__name__)

PRUNE_EVERY_SECONDS = 3600.0
LONGEST_RETRY_SECONDS = 10.0
Housekeeping: TypeAlias = Callable[[Database], Awaitable[object]]
RELAY_STOP_SECONDS = 12.0


class Runtime:
    """Database, relay and consumers of one process, and the probes that tell how they are."""

    def __init__(self, settings: DatabaseSettings, *, service: str, revision: str, long_reads: int = 0) -> None:
        self.settings = settings
        kafka, database = Dependency("kafka"), Dependency("database")
        self.kafka = kafka
        self.relay = Relay(settings, relayed_topics(service), kafka=kafka, database=database)
        self.database = Database(settings, name=service, after_commit=self.relay.hint, long_reads=long_reads)
        self.probe = DatabaseProbe(self.database, database)
        self.consumers = Consumers(settings, service=service, database=self.database, kafka=kafka)
        self.tasks = BackgroundTasks()
        self._revision = revision
        self.clock = ClockWatch(self.database.current_time)
        self._periodic: list[tuple[float, str, Housekeeping]] = [
            (PRUNE_EVERY_SECONDS, "prune", self._prune),
            (clock.EVERY_SECONDS, "clock", lambda _: self.clock.measure()),
        ]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """HTTP has drained before the stop; consumers finish and commit while the relay ends its batch, pools close."""
        await check_database(self.settings, revision=self._revision)
        await self.database.open()
        relay = asyncio.create_task(self.relay.run(), name="relay")
        self.tasks.start("consumers", self.consumers.run())
        self.tasks.start("database-probe", self.probe.run())
        for seconds, name, work in self._periodic:
            self.tasks.start(name, self._repeat(seconds, name, work))
        try:
            yield
        finally:
            await self.tasks.cancel()
            await asyncio.gather(self.consumers.stop(), _finish(relay, self.relay.stop))
            await self.database.close()
        self.tasks.raise_failure()

    def add_probes(self, health: Health) -> None:
        """Kafka being away does not take an API out of rotation; a consumer that holds messages back does show."""
        health.add_liveness("relay", self.relay.progress)
        health.add_liveness("consumers", self.consumers.live)
        health.add_readiness("relay", self.relay.ready)
        health.add_readiness("consumers", self.consumers.ready)
        health.add_readiness("database", self.probe.ready)
        health.add_readiness("clock", self.clock.ready)

    def every(self, seconds: float, name: str, work: Housekeeping) -> None:
        """Do this piece of housekeeping again and again while the process runs; any replica may do it."""
        self._periodic.append((seconds, name, work))

    async def _repeat(self, seconds: float, name: str, work: Housekeeping) -> None:
        """For ever, whatever goes wrong: it is said, and tried again soon."""
        failures = 0
        while True:
            try:
                await work(self.database)
                failures = 0
            except Unavailable as error:
                failures += 1
                if failures == 1:
                    log.warning("housekeeping_waits", task=name, reason=error.detail)
            except Exception:
                failures += 1
                metrics.HOUSEKEEPING_FAILURES.labels(name).inc()
                log.exception("housekeeping_failed", task=name)
            await asyncio.sleep(min(2.0 ** (failures - 1), LONGEST_RETRY_SECONDS) if failures else seconds)

    async def _prune(self, database: Database) -> None:
        """Batch by batch until nothing old is left: a busy hour brings more than one batch."""
        hours, pruned = self.settings.inbox_retention_hours, PRUNED_AT_ONCE
        while pruned >= PRUNED_AT_ONCE:
            async with database.worker_transaction() as connection:
                pruned = max(
                    await inbox_repository.prune(connection, retention_hours=hours),
                    await idempotency_keys.prune(connection),
                )


async def _finish(relay: asyncio.Task[None], stop: Callable[[], None]) -> None:
    stop()
    _, pending = await asyncio.wait({relay}, timeout=RELAY_STOP_SECONDS)
    if pending:
        log.warning("relay_cancelled", reason="its last batch was not confirmed in time; it stays in the outbox")
        relay.cancel()
        await asyncio.wait({relay}, timeout=2)
