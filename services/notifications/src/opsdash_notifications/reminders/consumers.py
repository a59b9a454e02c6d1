"""Handlers of ticket events, with what they mean for reminders."""

from __future__ import annotations

from opsdash_chassis.consuming.handler import Handler
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import tickets
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent

from opsdash_notifications.inbox.consumers import TICKET_HANDLERS as INBOX_HANDLERS
from opsdash_notifications.inbox.consumers import apply_ticket
from opsdash_notifications.reminders import repository


async def apply_purge(work: UnitOfWork, event: Event[TicketEvent]) -> None:
    """Reminders are locked before the rows of the inboxes, as whoever tells of them locks them."""
    await repository.forget_ticket(work.connection, event.data.org_id, event.data.ticket_id)
    await apply_ticket(work, event)


TICKET_HANDLERS: dict[str, Handler] = {**INBOX_HANDLERS, tickets.PURGED: apply_purge}
