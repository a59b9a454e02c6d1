"""A ticket as the views of the repositories show it: what they answer with, before it becomes a body."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.row import Row

from opsdash_tickets.names.model import NameIds


class TicketColumns(Row, frozen=True):
    """Columns of the ticket itself that every view shows."""

    id: UUID
    number: int
    title: str
    status: str
    priority: str
    category: str
    assignee_id: UUID | None
    contact_id: UUID | None
    project_id: UUID | None
    sla_due_at: datetime | None
    sla_source: str | None
    sla_outcome: str | None
    sla_breached_at: datetime | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reopen_count: int
    comment_count: int
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    version: int


class ListedTicket(TicketColumns, frozen=True):
    """As a list reads it. `position` is the sort key as PostgreSQL writes it; `found_in` is None without a search."""

    position: str
    found_in: Sequence[str] | None


class DetailedTicket(TicketColumns, frozen=True):
    """With its text and who made the newest version, None for the system.

    `description_html` is None where it was made by other rules than today's.
    """

    description: str
    description_html: str | None
    updated_by: UUID | None


def named_by(tickets: Sequence[TicketColumns], *people: UUID | None) -> NameIds:
    """Whom and what the tickets name, and these people."""
    return NameIds(
        people={*people, *(ticket.assignee_id for ticket in tickets), *(ticket.created_by for ticket in tickets)},
        contacts={ticket.contact_id for ticket in tickets},
        projects={ticket.project_id for ticket in tickets},
    )
