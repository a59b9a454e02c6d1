"""From a row of the repository's view to the REST body of a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar
from uuid import UUID

from opsdash_chassis.database.pools import Record
from opsdash_contracts.tickets import Status

from opsdash_tickets.common_schemas import Company, Contact, Person, Project
from opsdash_tickets.tickets import due_times
from opsdash_tickets.tickets.schemas import TicketRow

UNKNOWN_NAME: Final = "Unknown"
#: As the repository reads it, or as one that was just made would be read.
Row: TypeAlias = Record | Mapping[str, Any]
Named = TypeVar("Named", Company, Project)
_STATUSES: Final = {status.value: status for status in Status}  # a lookup is a fifth of a call of the class


def ticket_fields(row: Row, now: datetime) -> dict[str, Any]:
    """What `TicketRow` is made of, from one row of the repository's view."""
    status = _STATUSES[row["status"]]
    return {
        "id": row["id"],
        "number": row["number"],
        "title": row["title"],
        "status": status,
        "priority": row["priority"],
        "category": row["category"],
        "assignee": person(row["assignee_id"], row["assignee_name"], row["assignee_active"]),
        "contact": _contact(row),
        "project": _named(Project, row["project_id"], row["project_name"], row["project_active"]),
        "sla_due_at": row["sla_due_at"],
        "sla_source": row["sla_source"],
        "sla_state": due_times.sla_state(
            status=status,
            due=row["sla_due_at"],
            outcome=row["sla_outcome"],
            created_at=row["created_at"],
            finished_at=row["resolved_at"],
            now=now,
        ),
        "sla_breached_at": row["sla_breached_at"],
        "first_response_at": row["first_response_at"],
        "resolved_at": row["resolved_at"],
        "closed_at": row["closed_at"],
        "reopen_count": row["reopen_count"],
        "comment_count": row["comment_count"],
        "created_by": person(row["created_by"], row["creator_name"], row["creator_active"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "version": row["version"],
    }


def ticket_row(row: Row, now: datetime) -> TicketRow:
    """A row of the repository's view as lists show it."""
    return TicketRow(**ticket_fields(row, now))


def person(user_id: UUID | None, name: str | None, active: bool | None) -> Person | None:
    return None if user_id is None else Person(id=user_id, name=name or UNKNOWN_NAME, active=bool(active))


def _contact(row: Row) -> Contact | None:
    contact_id = row["contact_id"]
    if contact_id is None:
        return None
    return Contact(
        id=contact_id,
        name=row["contact_name"],
        email=row["contact_email"],
        active=row["contact_active"],
        company=_named(Company, row["company_id"], row["company_name"], row["company_active"]),
    )


def _named(kind: type[Named], entity_id: UUID | None, name: str | None, active: bool | None) -> Named | None:
    if entity_id is None or name is None:
        return None
    return kind(id=entity_id, name=name, active=bool(active))
