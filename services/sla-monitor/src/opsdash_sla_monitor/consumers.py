"""What the SLA monitor does with the events of others."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_chassis.consuming.handler import Delivered, Together
from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import TICKETS

from opsdash_sla_monitor import use_cases
from opsdash_sla_monitor.owner import Owner


def subscribe(consumers: Consumers, owner: Owner) -> None:
    """Attach every subscription of this service."""

    async def follow(work: UnitOfWork, delivered: Sequence[Delivered[TicketEvent]]) -> None:
        await use_cases.follow_tickets(work, delivered, owner)

    consumers.subscribe(TICKETS, dict.fromkeys(TicketEvent.event_types, Together(follow)))
