"""What comments do to their ticket: the count, the time of activity, and the first response.

Count and activity are projections and no version of the ticket: a comment must not make somebody's edit stale. The
first response is a fact about the ticket: a version with an event, as if the person who answered had set it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from opsdash_chassis.consuming.handler import ReceivedEvent
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import comments, tickets
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event

from opsdash_tickets.comments import repository
from opsdash_tickets.comments.repository import Key
from opsdash_tickets.tickets import model
from opsdash_tickets.tickets import repository as tickets_repository
from opsdash_tickets.tickets.events import ticket_event
from opsdash_tickets.tickets.model import Ticket


async def apply_comments(work: UnitOfWork, received: Sequence[ReceivedEvent[CommentEvent]]) -> None:
    """Effect of comment events; the same whatever came before or comes again."""
    keys = {_key(item.event) for item in received}
    known = await repository.lock_all(work.connection, keys)
    await repository.store_all(work.connection, [item.event for item in received])
    if not known:
        return
    counts = await repository.comments_not_deleted(work.connection, known)
    counted = {key: replace(ticket, comment_count=counts[key]) for key, ticket in known.items()}
    active_at = dict[Key, datetime]()
    for item in received:
        event, key = item.event, _key(item.event)
        if key not in counted:
            continue
        active_at[key] = max(event.envelope.time, active_at.get(key, event.envelope.time))
        if _is_first_response(counted[key], event):
            with item.span():
                counted[key] = await _first_response(work, counted[key], event)
    await repository.save_activity(work.connection, counted.values(), active_at)


def _key(event: Event[CommentEvent]) -> Key:
    return event.data.org_id, event.data.ticket_id


def _is_first_response(ticket: Ticket, event: Event[CommentEvent]) -> bool:
    return (
        event.envelope.type == comments.CREATED
        and ticket.first_response_at is None
        and event.data.author_id != ticket.created_by
    )


async def _first_response(work: UnitOfWork, before: Ticket, event: Event[CommentEvent]) -> Ticket:
    """The ticket answered: a version with an event, unless it is deleted.

    Nobody follows a deleted ticket; should it come back, that event carries the time.
    """
    answered = replace(before, first_response_at=event.data.created_at)
    if before.deleted_at is not None:
        return answered
    updated_at = max(before.updated_at, event.envelope.time, work.now)
    after = replace(answered, updated_at=updated_at, version=before.version + 1)
    changes = model.changes_between(before, after)
    actor_id = event.envelope.actor_id
    updated = ticket_event(tickets.UPDATED, after, changes=changes, actor_id=actor_id, now=work.now)
    await tickets_repository.update(work, after, updated)
    return after
