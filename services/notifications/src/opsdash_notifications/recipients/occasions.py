"""From an event to what it is an occasion for: which reasons to tell people there are in it. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator

from opsdash_contracts import comments, sla, tickets
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.notices import Reason
from opsdash_contracts.sla import SlaNotice
from opsdash_contracts.tickets import Priority, TicketEvent
from opsdash_contracts.usage import UsageNotice

from opsdash_notifications.recipients.model import Occasion

_SLA_REASONS = {sla.WARNING: Reason.SLA_WARNING, sla.BREACHED: Reason.SLA_BREACHED}


def by_ticket(event: Event[TicketEvent]) -> Occasion:
    """A ticket was assigned, reopened, or changed its status; nothing is told of a deleted one."""
    ticket = event.data
    reasons = () if ticket.deleted_at is not None else tuple(_ticket_reasons(event.envelope.type, ticket))
    return Occasion(reasons, actor_id=event.envelope.actor_id, assignee_id=ticket.assignee_id)


def _ticket_reasons(event_type: str, ticket: TicketEvent) -> Iterator[Reason]:
    if event_type not in {tickets.CREATED, tickets.UPDATED}:
        return
    if ticket.assignee_id is not None and (event_type == tickets.CREATED or "assignee_id" in ticket.changes):
        yield Reason.ASSIGNED
    if "reopen_count" in ticket.changes:
        yield Reason.REOPENED
    if "status" in ticket.changes:
        yield Reason.STATUS_CHANGED


def by_comment(event: Event[CommentEvent]) -> Occasion:
    """Somebody commented, or mentions somebody more."""
    comment, event_type = event.data, event.envelope.type
    reasons: tuple[Reason, ...] = (Reason.MENTIONED,) if comment.new_mentions else ()
    if event_type == comments.CREATED:
        reasons += (Reason.COMMENTED,)
    named = tuple(comment.new_mentions)
    return Occasion(reasons, actor_id=event.envelope.actor_id, named=named, comment_id=comment.comment_id)


def by_sla(event: Event[SlaNotice]) -> Occasion:
    reason, notice = _SLA_REASONS[event.envelope.type], event.data
    return Occasion((reason,), assignee_id=notice.assignee_id, is_urgent=notice.priority is Priority.URGENT)


def by_usage(_: Event[UsageNotice]) -> Occasion:
    return Occasion((Reason.USAGE,))
