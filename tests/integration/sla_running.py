"""One tickets service, one monitor and a witness, shared by the tests that keep to tickets of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from opsdash_contracts.topics import SLA

from tests.support.databases import ServiceDatabase
from tests.support.eventually import eventually
from tests.support.service_process import ServiceProcess
from tests.support.sla import Due, SlaRig, notified, sla_rig
from tests.support.stack import Stack
from tests.support.witness import Witness


class SlaRunning:
    """Started and ready."""

    def __init__(self, rig: SlaRig, tickets: ServiceProcess, monitor: ServiceProcess, witness: Witness) -> None:
        self.rig = rig
        self.monitor = monitor
        self.witness = witness
        self.client = rig.stack.client(tickets, rig.stack.workspace.ours.owner)

    async def notified(self, due: Due) -> set[str]:
        """The breach ids of these, once none of them is due soon any more and all that was found is published."""

        async def quiet() -> bool:
            known, soon = (
                await self.rig.query(
                    "SELECT count(*), count(*) FILTER (WHERE next_at < now() + interval '20 s')"
                    " FROM deadlines WHERE ticket_id = ANY($1::uuid[])",
                    list(due),
                )
            )[0]
            return bool(known == len(due) and soon + await self.rig.scalar("SELECT count(*) FROM outbox") == 0)

        await eventually(quiet, timeout=40)
        await self.witness.settle(quiet_seconds=0.5)
        return set(notified(self.witness)) & self.rig.breach_ids(due)


@asynccontextmanager
async def running_sla(stack: Stack, template: ServiceDatabase) -> AsyncIterator[SlaRunning]:
    async with sla_rig(stack, template) as rig:
        tickets = await rig.start_tickets()
        monitor = await rig.start_monitor(OPSDASH_SWEEP_SECONDS="1").ready()
        async with Witness(stack.kafka.bootstrap_servers, SLA) as witness:
            yield SlaRunning(rig, tickets, monitor, witness)
