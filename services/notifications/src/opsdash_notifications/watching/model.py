"""The rules of watching: pure functions; no clock, no database."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final
from uuid import UUID

from opsdash_contracts import comments, tickets
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import TicketEvent

#: Of one ticket; those who muted it are not counted.
MOST_WATCHERS: Final = 200
_ASSIGNEE: Final = "assignee_id"


class WatchState(StrEnum):
    """What a person wants to hear of a ticket; `muted` stays until the person takes it back."""

    WATCHING = "watching"
    MUTED = "muted"


def watchers_by_ticket(event: Event[TicketEvent]) -> tuple[UUID, ...]:
    """Who watches a ticket by what was done to it; nobody by a change of many at once.

    An event that is sent again tells of the ticket's state only, so whose it is counts.
    """
    return tuple(dict.fromkeys(_by_ticket(event)))


def _by_ticket(event: Event[TicketEvent]) -> Iterator[UUID]:
    ticket, replayed = event.data, event.envelope.replayed
    if ticket.deleted_at is not None or (ticket.bulk_id is not None and not replayed):
        return
    is_new = replayed or event.envelope.type == tickets.CREATED
    if is_new:
        yield ticket.created_by
    if ticket.assignee_id is not None and (is_new or _ASSIGNEE in ticket.changes):
        yield ticket.assignee_id


def watchers_by_comment(event: Event[CommentEvent]) -> tuple[UUID, ...]:
    """Who wrote it, and whom it mentions now; of one that is sent again, whom it mentions at all."""
    comment, replayed = event.data, event.envelope.replayed
    if comment.deleted_at is not None:
        return ()
    is_new = replayed or event.envelope.type == comments.CREATED
    mentioned = comment.mentions if replayed else comment.new_mentions
    return tuple(dict.fromkeys((*([comment.author_id] if is_new else []), *mentioned)))
