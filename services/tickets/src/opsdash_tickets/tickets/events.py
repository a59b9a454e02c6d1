"""From a change of a ticket to the event that is published: the one mapping between the two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from opsdash_contracts.envelope import Event
from opsdash_contracts.tickets import FieldChange, TextChanged, TicketEvent

from opsdash_tickets.event_factory import new_event
from opsdash_tickets.tickets.model import Change, Ticket


def ticket_event(
    event_type: str,
    ticket: Ticket,
    *,
    changes: Mapping[str, Change],
    actor_id: UUID | None,
    now: datetime,
    bulk_id: UUID | None = None,
) -> Event[TicketEvent]:
    """The event of one version of a ticket; `actor_id` None means the system acted."""
    data = TicketEvent(
        ticket_id=ticket.id,
        org_id=ticket.org_id,
        number=ticket.number,
        title=ticket.title,
        status=ticket.status,
        priority=ticket.priority,
        category=ticket.category,
        assignee_id=ticket.assignee_id,
        contact_id=ticket.contact_id,
        project_id=ticket.project_id,
        created_by=ticket.created_by,
        sla_due_at=ticket.sla_due_at,
        sla_source=ticket.sla_source,
        sla_outcome=ticket.sla_outcome,
        first_response_at=ticket.first_response_at,
        resolved_at=ticket.resolved_at,
        closed_at=ticket.closed_at,
        reopen_count=ticket.reopen_count,
        comment_count=ticket.comment_count,
        version=ticket.version,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        deleted_at=ticket.deleted_at,
        bulk_id=bulk_id,
        changes={name: _published_change(name, change) for name, change in changes.items()},
    )
    return new_event(data, event_type, actor_id=actor_id, now=now)


def _published_change(name: str, change: Change) -> FieldChange | TextChanged:
    """Long text never travels, only the fact that it changed."""
    if name == "description":
        return TextChanged(changed=True)
    return FieldChange.of(change.before, change.after)
