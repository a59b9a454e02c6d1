"""Handlers of ticket events, which keep the replica of tickets."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_chassis.consuming.handler import BatchHandler, ReceivedEvent
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import tickets
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent

from opsdash_comments.threads import repository
from opsdash_comments.threads.model import TicketSnapshot


async def replicate_tickets(work: UnitOfWork, received: Sequence[ReceivedEvent[TicketEvent]]) -> None:
    """Tickets were created, deleted, restored or purged."""
    await repository.upsert_tickets(work.connection, [_snapshot(item.event) for item in received])


def _snapshot(event: Event[TicketEvent]) -> TicketSnapshot:
    ticket = event.data
    purged_at = event.envelope.time if event.envelope.type == tickets.PURGED else None
    return TicketSnapshot(ticket.org_id, ticket.ticket_id, ticket.number, ticket.version, ticket.deleted_at, purged_at)


TICKET_HANDLERS: dict[str, BatchHandler] = dict.fromkeys(
    (tickets.CREATED, tickets.DELETED, tickets.RESTORED, tickets.PURGED), BatchHandler(replicate_tickets)
)
