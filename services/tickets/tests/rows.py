"""Rows of the repository's views of tickets, as tests make them by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from opsdash_tickets.names.entities import Company, Contact, Person, Project
from opsdash_tickets.names.model import Names
from opsdash_tickets.tickets.rows import DetailedTicket, ListedTicket

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
ID = UUID("0198c0de-1111-7abc-8def-0000000000aa")
ADA, ZOE, CONTACT, COMPANY, PROJECT, LEFT, UNKNOWN, FORMER = (UUID(int=number) for number in range(1, 9))
BARE = {
    "id": ID, "number": 7, "title": "Printer on fire", "status": "open", "priority": "low", "category": "billing",
    "assignee_id": None, "contact_id": None, "project_id": None, "sla_due_at": None, "sla_source": None,
    "sla_outcome": None, "sla_breached_at": None, "first_response_at": None, "resolved_at": None, "closed_at": None,
    "reopen_count": 0, "comment_count": 12, "created_by": ZOE, "created_at": NOW, "updated_at": NOW, "version": 3,
}  # fmt: skip
NAMED = {
    "assignee_id": ADA, "contact_id": CONTACT, "project_id": PROJECT, "sla_source": "auto",
    "sla_due_at": NOW + timedelta(hours=1, microseconds=250), "created_at": NOW - timedelta(hours=3),
}  # fmt: skip
FINISHED = {
    "status": "resolved", "priority": "urgent", "category": "technical", "assignee_id": UNKNOWN,
    "contact_id": FORMER, "created_by": UNKNOWN, "sla_due_at": NOW, "sla_source": "manual",
    "sla_outcome": "missed", "sla_breached_at": NOW, "first_response_at": NOW, "resolved_at": NOW, "closed_at": NOW,
    "reopen_count": 2,
}  # fmt: skip


def names() -> Names:
    """The names that these rows show."""
    known = Names()
    known.people |= {
        ADA: Person(id=ADA, name="Ada", active=True),
        ZOE: Person(id=ZOE, name="Zoë", active=True),
        LEFT: Person(id=LEFT, name="Ada", active=False),
        UNKNOWN: None,
    }
    acme = Company(id=COMPANY, name="Acme", active=False)
    known.contacts |= {
        CONTACT: Contact(id=CONTACT, name="Grace", email="grace@example.org", active=True, company=acme),
        FORMER: Contact(id=FORMER, name="Grace", email=None, active=False, company=None),
    }
    known.projects |= {PROJECT: Project(id=PROJECT, name="Launch", active=True)}
    return known


def listed(**changes: object) -> ListedTicket:
    """A row of a list; by itself an open ticket that nobody does, for nobody."""
    values: dict[str, Any] = BARE | {"position": str(NOW), "found_in": None} | changes
    return ListedTicket(**values)


def detailed(**changes: object) -> DetailedTicket:
    """A row of the detail view."""
    text = {"description": "*hot*", "description_html": "<p><em>hot</em></p>\n"}
    values: dict[str, Any] = BARE | text | {"updated_by": LEFT} | changes
    return DetailedTicket(**values)
