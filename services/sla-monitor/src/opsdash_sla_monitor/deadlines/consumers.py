"""Handlers of ticket events, which keep deadlines up to their tickets."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_chassis.consuming.handler import BatchHandler, ReceivedEvent
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.tickets import TicketEvent

from opsdash_sla_monitor.deadlines.service import follow_tickets
from opsdash_sla_monitor.deadlines.tickets_client import TicketsClient


def ticket_handlers(tickets_client: TicketsClient) -> dict[str, BatchHandler]:
    """By event type; `tickets_client` is asked where an event did not come."""

    async def follow(work: UnitOfWork, received: Sequence[ReceivedEvent[TicketEvent]]) -> None:
        await follow_tickets(work, received, tickets_client)

    return dict.fromkeys(TicketEvent.event_types, BatchHandler(follow))
