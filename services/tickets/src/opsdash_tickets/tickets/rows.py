"""A ticket as the views of the repositories show it: what they answer with, before it becomes a body."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.row import Row


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


class NamedTicket(TicketColumns, frozen=True):
    """With the names of whom and what it points to; what is not known has none."""

    assignee_name: str | None
    assignee_active: bool | None
    creator_name: str | None
    creator_active: bool | None
    contact_name: str | None
    contact_email: str | None
    contact_active: bool
    company_id: UUID | None
    company_name: str | None
    company_active: bool | None
    project_name: str | None
    project_active: bool


class ListedTicket(NamedTicket, frozen=True):
    """As a list reads it. `position` is the sort key as PostgreSQL writes it."""

    position: str


class DetailedTicket(NamedTicket, frozen=True):
    """With its text and who made the newest version, None for the system.

    `description_html` is None where it was made by other rules than today's.
    """

    description: str
    description_html: str | None
    updated_by: UUID | None
    updater_name: str | None
    updater_active: bool | None
