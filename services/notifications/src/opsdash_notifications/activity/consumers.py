"""Handlers of ticket events, which count what happens to tickets."""

from __future__ import annotations

from opsdash_chassis.consuming.handler import Handler
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent

from opsdash_notifications.activity.model import TicketChange
from opsdash_notifications.activity.service import count_change


async def count_ticket_event(work: UnitOfWork, event: Event[TicketEvent]) -> None:
    """The inbox sees to it that an event that is delivered twice is counted once."""
    ticket = event.data
    change = TicketChange(ticket.org_id, ticket.ticket_id, ticket.number, event.envelope.type, event.envelope.time)
    await count_change(work, change)


TICKET_HANDLERS: dict[str, Handler] = dict.fromkeys(TicketEvent.event_types, count_ticket_event)
