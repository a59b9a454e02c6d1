"""What comments do to their ticket: the count, the time of activity, and the first response.

Count and activity are projections and no version of the ticket: a comment must not make somebody's edit stale. The
first response is a fact about the ticket: a version with an event, as if the person who answered had set it.
"""

from __future__ import annotations

from dataclasses import replace

from opsdash_chassis.unit_of_work import UnitOfWork
from opsdash_contracts import comments, tickets
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import TICKETS

from opsdash_tickets import comment_repository, model, repository
from opsdash_tickets.model import Ticket
from opsdash_tickets.published import ticket_event


async def apply_comment(work: UnitOfWork, event: Event[CommentEvent]) -> None:
    """Effect of one comment event; the same whatever came before or comes again."""
    comment = event.data
    ticket = await comment_repository.lock(work.connection, comment.org_id, comment.ticket_id)
    await comment_repository.store(work.connection, event)
    if ticket is None:
        return
    count = await comment_repository.living_comments(work.connection, ticket.org_id, ticket.id)
    counted = replace(ticket, comment_count=count)
    if not _is_first_response(ticket, event):
        await comment_repository.save_activity(work.connection, counted, at=event.envelope.time)
    elif ticket.deleted_at is not None:
        # Nobody follows a deleted ticket; should it come back, that event carries the time.
        answered = replace(counted, first_response_at=comment.created_at)
        await comment_repository.save_activity(work.connection, answered, at=event.envelope.time)
    else:
        await _stamp_first_response(work, ticket, counted, event)


def _is_first_response(ticket: Ticket, event: Event[CommentEvent]) -> bool:
    return (
        event.envelope.type == comments.CREATED
        and ticket.first_response_at is None
        and event.data.author_id != ticket.created_by
    )


async def _stamp_first_response(work: UnitOfWork, before: Ticket, counted: Ticket, event: Event[CommentEvent]) -> None:
    after = replace(
        counted,
        first_response_at=event.data.created_at,
        updated_at=max(before.updated_at, event.envelope.time, work.now),
        version=before.version + 1,
    )
    await repository.update(work.connection, after)
    changes = model.changes_between(counted, after)
    actor_id = event.envelope.actor_id
    updated = ticket_event(tickets.UPDATED, after, changes=changes, actor_id=actor_id, now=work.now)
    await work.record(updated, topic=TICKETS)
