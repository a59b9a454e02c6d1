"""Handlers of ticket events, which keep deadlines up to their tickets."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_chassis.consuming.handler import Delivered, Together
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.tickets import TicketEvent

from opsdash_sla_monitor.deadlines.service import follow_tickets
from opsdash_sla_monitor.deadlines.tickets_client import Owner


def ticket_handlers(owner: Owner) -> dict[str, Together]:
    """By event type; `owner` is asked where an event did not come."""

    async def follow(work: UnitOfWork, delivered: Sequence[Delivered[TicketEvent]]) -> None:
        await follow_tickets(work, delivered, owner)

    return dict.fromkeys(TicketEvent.event_types, Together(follow))
