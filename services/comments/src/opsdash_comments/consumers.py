"""What the comments service does with the events of others."""

from __future__ import annotations

from collections.abc import Sequence

from opsdash_chassis.consuming.handler import Delivered, Handler, Together
from opsdash_chassis.consuming.subscribers import Consumers
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_chassis.tenancy import directory_repository as directory
from opsdash_contracts import tickets
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.topics import TICKETS, WORKSPACE
from opsdash_contracts.workspace import Kind, Member, Org, Removed, removed, upserted

from opsdash_comments import thread_repository
from opsdash_comments.thread_repository import TicketFact


async def store_org(work: UnitOfWork, event: Event[Org]) -> None:
    await directory.upsert_org(work.connection, event.data)


async def store_member(work: UnitOfWork, event: Event[Member]) -> None:
    await directory.upsert_member(work.connection, event.data)


async def forget_entity(work: UnitOfWork, event: Event[Removed]) -> None:
    """Mark the org or member as gone; comments keep showing the name."""
    await directory.remove(work.connection, event.data, work.now)


async def learn_of_tickets(work: UnitOfWork, delivered: Sequence[Delivered[TicketEvent]]) -> None:
    """Tickets were created, deleted, restored or purged."""
    await thread_repository.learn(work.connection, [_fact(item.event) for item in delivered])


def _fact(event: Event[TicketEvent]) -> TicketFact:
    ticket = event.data
    purged_at = event.envelope.time if event.envelope.type == tickets.PURGED else None
    return TicketFact(ticket.org_id, ticket.ticket_id, ticket.number, ticket.version, ticket.deleted_at, purged_at)


WORKSPACE_HANDLERS: dict[str, Handler] = {
    upserted(Kind.ORG): store_org,
    upserted(Kind.MEMBER): store_member,
    removed(Kind.ORG): forget_entity,
    removed(Kind.MEMBER): forget_entity,
}
TICKET_HANDLERS: dict[str, Together] = dict.fromkeys(
    (tickets.CREATED, tickets.DELETED, tickets.RESTORED, tickets.PURGED), Together(learn_of_tickets)
)


def subscribe(consumers: Consumers) -> None:
    """Attach every subscription of this service."""
    consumers.subscribe(WORKSPACE, WORKSPACE_HANDLERS)
    consumers.subscribe(TICKETS, TICKET_HANDLERS)
