"""Rows of the repository's views of tickets, as tests make them by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from opsdash_tickets.tickets.rows import DetailedTicket, ListedTicket

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
ID = UUID("0198c0de-1111-7abc-8def-0000000000aa")
ADA, ZOE, CONTACT, COMPANY, PROJECT = (UUID(int=number) for number in range(1, 6))
BARE = {
    "id": ID, "number": 7, "title": "Printer on fire", "status": "open", "priority": "low", "category": "billing",
    "assignee_id": None, "contact_id": None, "project_id": None, "sla_due_at": None, "sla_source": None,
    "sla_outcome": None, "sla_breached_at": None, "first_response_at": None, "resolved_at": None, "closed_at": None,
    "reopen_count": 0, "comment_count": 12, "created_by": ZOE, "created_at": NOW, "updated_at": NOW, "version": 3,
    "assignee_name": None, "assignee_active": None, "creator_name": "Zoë", "creator_active": True,
    "contact_name": None, "contact_email": None, "contact_active": True, "company_id": None, "company_name": None,
    "company_active": None, "project_name": None, "project_active": True,
}  # fmt: skip
NAMED = {
    "assignee_id": ADA, "assignee_name": "Ada", "assignee_active": True, "contact_id": CONTACT,
    "contact_name": "Grace", "contact_email": "grace@example.org", "contact_active": True, "company_id": COMPANY,
    "company_name": "Acme", "company_active": False, "project_id": PROJECT, "project_name": "Launch",
    "project_active": True, "sla_due_at": NOW + timedelta(hours=1, microseconds=250), "sla_source": "auto",
    "created_at": NOW - timedelta(hours=3),
}  # fmt: skip
FINISHED = {
    "status": "resolved", "priority": "urgent", "category": "technical", "assignee_id": ADA, "assignee_name": None,
    "assignee_active": None, "contact_id": CONTACT, "contact_name": "Grace", "contact_email": None,
    "contact_active": False, "creator_name": None, "creator_active": None, "sla_due_at": NOW, "sla_source": "manual",
    "sla_outcome": "missed", "sla_breached_at": NOW, "first_response_at": NOW, "resolved_at": NOW, "closed_at": NOW,
    "reopen_count": 2,
}  # fmt: skip


def listed(**changes: object) -> ListedTicket:
    """A row of a list; by itself an open ticket that nobody does, for nobody."""
    values: dict[str, Any] = BARE | {"position": str(NOW)} | changes
    return ListedTicket(**values)


def detailed(**changes: object) -> DetailedTicket:
    """A row of the detail view."""
    text = {"description": "*hot*", "description_html": "<p><em>hot</em></p>\n"}
    updater = {"updated_by": ADA, "updater_name": "Ada", "updater_active": False}
    values: dict[str, Any] = BARE | text | updater | changes
    return DetailedTicket(**values)
