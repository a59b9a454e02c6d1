"""One sweep: ask the tickets service about what is due, claim it, notify, reschedule;
batch by batch until none is left.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from opsdash_chassis.database.pools import Database
from opsdash_chassis.database.unit_of_work import worker_unit_of_work
from opsdash_chassis.errors import Unavailable

from opsdash_sla_monitor.deadlines.model import Deadline, Step
from opsdash_sla_monitor.deadlines.service import repair
from opsdash_sla_monitor.deadlines.tickets_client import TicketsClient
from opsdash_sla_monitor.deadlines.verdicts import Verdict
from opsdash_sla_monitor.settings import SlaMonitorSettings
from opsdash_sla_monitor.sweep import metrics, repository
from opsdash_sla_monitor.sweep.decisions import Action, decide
from opsdash_sla_monitor.sweep.notices import Notice, carry_out

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Counts:
    """What a sweep did. `lateness_ms_max` is of the breaches it notified of."""

    checked: int = 0
    breached: int = 0
    notified: int = 0
    already_notified: int = 0
    lateness_ms_max: int = 0
    took_ms: int = 0

    def add(self, checked: int, notices: Sequence[Notice]) -> None:
        """One committed batch."""
        breaches = [notice for notice in notices if notice.step is Step.BREACH]
        new = [notice for notice in breaches if notice.is_new]
        self.checked += checked
        self.breached += len(breaches)
        self.notified += len(new)
        self.already_notified += len(breaches) - len(new)
        self.lateness_ms_max = max([self.lateness_ms_max, *(notice.lateness_ms for notice in new)])


class Sweeper:
    """Runs sweeps one after the other; whoever asks during one shares the next, which sees all that is due by then."""

    def __init__(self, settings: SlaMonitorSettings, database: Database, tickets_client: TicketsClient) -> None:
        self._database = database
        self._tickets_client = tickets_client
        self._batch_size = settings.batch_size
        self._patience = timedelta(seconds=settings.owner_patience_seconds)
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[Counts] | None = None
        self._running: set[asyncio.Task[Counts]] = set()
        self._closed = False

    async def sweep(self) -> Counts:
        """Raises Unavailable when the database is away; notices that were committed before that stay."""
        if self._closed:
            raise Unavailable("The service is stopping.")
        if self._next is None:
            self._next = asyncio.create_task(self._run_next(), name="sweep")
            self._running.add(self._next)
            self._next.add_done_callback(self._running.discard)
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        """Give up what is running: a batch that was not committed is another sweep's work."""
        self._closed = True
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run_next(self) -> Counts:
        async with self._turn:
            self._next = None  # whoever comes from here on needs the run after this one
            started = time.perf_counter()
            counts = Counts()
            await self._resume()
            while await self._batch(counts):
                pass
            seconds = time.perf_counter() - started
            counts.took_ms = round(seconds * 1000)
            metrics.SWEEPS.inc()
            metrics.SWEEP_SECONDS.observe(seconds)
            return counts

    async def _resume(self) -> None:
        """Orgs whose notices were held back and whose plate has support again."""
        async with self._database.worker_transaction() as connection:
            waiting = await repository.withheld_orgs(connection)
        if not waiting:
            return
        try:
            supported = await self._tickets_client.supported(waiting)
        except Unavailable as error:
            log.debug("support_not_asked", reason=error.detail)
            return
        for org_id in supported:
            async with self._database.worker_transaction() as connection:
                await repository.resume(connection, org_id)

    async def _batch(self, counts: Counts) -> bool:
        """Handle the deadlines that are due longest; whether there may be more for this sweep.

        The tickets service is asked before they are locked. What others have changed or work on by then is theirs.
        """
        async with self._database.worker_transaction() as connection:
            due = await repository.due(connection, limit=self._batch_size)
        if not due:
            return False
        verdicts = await self._verdicts(due)
        async with worker_unit_of_work(self._database) as work:
            claimed = await repository.claim(work.connection, due)
            decisions = [
                decide(deadline, verdict, now=work.now, patience=self._patience)
                for deadline, verdict in zip(due, verdicts, strict=True)
                if deadline in claimed
            ]
            notified = await carry_out(work, decisions) if decisions else []
        counts.add(len(decisions), notified)
        for decision in decisions:
            if decision.action is Action.REPAIR:
                await self._repair(decision.after)
        return bool(decisions) and len(due) == self._batch_size

    async def _verdicts(self, due: Sequence[Deadline]) -> Sequence[Verdict | None]:
        try:
            verdicts = await self._tickets_client.confirm(due)
        except Unavailable as error:
            log.debug("owner_not_asked", deadlines=len(due), reason=error.detail)
            return [None] * len(due)
        for verdict in verdicts:
            if verdict not in {Verdict.OVERDUE, Verdict.OPEN}:
                metrics.DISPUTED.labels(verdict).inc()
        return verdicts

    async def _repair(self, deadline: Deadline) -> None:
        try:
            ticket = await self._tickets_client.state(*deadline.key)
            async with worker_unit_of_work(self._database) as work:
                await repair(work, deadline, ticket)
        except Unavailable as error:
            log.warning("repair_waits", ticket_id=str(deadline.ticket_id), reason=error.detail)
