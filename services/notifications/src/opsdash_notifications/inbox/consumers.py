"""Handlers of events that people are told of. Each keeps what is known of the ticket, and who watches it, besides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opsdash_chassis.consuming.handler import Handler
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import tickets, usage
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaNotice
from opsdash_contracts.tickets import TicketEvent
from opsdash_contracts.usage import UsageNotice

from opsdash_notifications.inbox import repository
from opsdash_notifications.inbox.service import notify
from opsdash_notifications.ledger.model import Source
from opsdash_notifications.recipients import occasions
from opsdash_notifications.recipients.arrivals import Arrivals
from opsdash_notifications.tickets import repository as tickets_repository
from opsdash_notifications.tickets.model import KnownTicket
from opsdash_notifications.tickets.service import known_or_asked
from opsdash_notifications.tickets.tickets_client import TicketClient
from opsdash_notifications.watching import repository as watching_repository
from opsdash_notifications.watching.model import watchers_by_comment, watchers_by_ticket
from opsdash_notifications.watching.service import watch_automatically

#: Those whom this process waits for.
_ARRIVALS: Final = Arrivals()


async def apply_ticket(work: UnitOfWork, event: Event[TicketEvent]) -> None:
    """A ticket was created, changed, deleted, restored or purged."""
    envelope, ticket = event.envelope, event.data
    await tickets_repository.store(work.connection, _known(event))
    if envelope.type == tickets.PURGED:
        await repository.forget_ticket(work.connection, ticket.org_id, ticket.ticket_id)
        await watching_repository.forget_ticket(work.connection, ticket.org_id, ticket.ticket_id)
        return
    people, replayed = watchers_by_ticket(event), envelope.replayed
    await watch_automatically(work, ticket.org_id, ticket.ticket_id, people, replayed=replayed)
    source = Source(ticket.org_id, envelope.id, envelope.time, ticket.ticket_id, ticket.number)
    await notify(work, source, occasions.by_ticket(event), replayed=replayed, arrivals=_ARRIVALS)


async def apply_sla(work: UnitOfWork, event: Event[SlaNotice]) -> None:
    """A due time is near, or has passed."""
    envelope, notice = event.envelope, event.data
    source = Source(notice.org_id, envelope.id, envelope.time, notice.ticket_id, notice.number)
    await notify(work, source, occasions.by_sla(event), replayed=envelope.replayed, arrivals=_ARRIVALS)


async def apply_usage(work: UnitOfWork, event: Event[UsageNotice]) -> None:
    """An org uses nearly, or all, of what its plate allows."""
    envelope = event.envelope
    source = Source(event.data.org_id, envelope.id, envelope.time)
    await notify(work, source, occasions.by_usage(event), replayed=envelope.replayed, arrivals=_ARRIVALS)


def comment_handlers(tickets_client: TicketClient) -> Mapping[str, Handler]:
    """Comments name their ticket by its id; its number is asked for where no event has told it yet."""

    async def apply_comment(work: UnitOfWork, event: Event[CommentEvent]) -> None:
        envelope, comment = event.envelope, event.data
        ticket = await known_or_asked(work.connection, comment.org_id, comment.ticket_id, tickets_client)
        if ticket is None or ticket.deleted_at is not None:
            return
        people, replayed = watchers_by_comment(event), envelope.replayed
        await watch_automatically(work, comment.org_id, comment.ticket_id, people, replayed=replayed)
        source = Source(comment.org_id, envelope.id, envelope.time, comment.ticket_id, ticket.number)
        await notify(work, source, occasions.by_comment(event), replayed=replayed, arrivals=_ARRIVALS)

    return dict.fromkeys(CommentEvent.event_types, apply_comment)


def _known(event: Event[TicketEvent]) -> KnownTicket:
    ticket = event.data
    return KnownTicket(
        org_id=ticket.org_id,
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        version=ticket.version,
        created_by=ticket.created_by,
        assignee_id=ticket.assignee_id,
        deleted_at=ticket.deleted_at,
        purged_at=event.envelope.time if event.envelope.type == tickets.PURGED else None,
        title=ticket.title,
        priority=ticket.priority,
        category=ticket.category,
    )


TICKET_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(TicketEvent.event_types, apply_ticket),
    usage.NOTICED: apply_usage,
}
