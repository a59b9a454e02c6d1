"""Handlers of ticket events, which keep the replica of tickets."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_chassis.consuming.handler import Delivered, Together
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import tickets
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent

from opsdash_comments.threads import repository
from opsdash_comments.threads.model import TicketFact


async def learn_of_tickets(work: UnitOfWork, delivered: Sequence[Delivered[TicketEvent]]) -> None:
    """Tickets were created, deleted, restored or purged."""
    await repository.learn(work.connection, [_fact(item.event) for item in delivered])


def _fact(event: Event[TicketEvent]) -> TicketFact:
    ticket = event.data
    purged_at = event.envelope.time if event.envelope.type == tickets.PURGED else None
    return TicketFact(ticket.org_id, ticket.ticket_id, ticket.number, ticket.version, ticket.deleted_at, purged_at)


TICKET_HANDLERS: dict[str, Together] = dict.fromkeys(
    (tickets.CREATED, tickets.DELETED, tickets.RESTORED, tickets.PURGED), Together(learn_of_tickets)
)
