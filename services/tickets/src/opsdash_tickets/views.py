"""From a row of the repository's view to the REST body of a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from opsdash_chassis.database import Record
from opsdash_contracts.tickets import Status

from opsdash_tickets import model
from opsdash_tickets.schemas import Company, Contact, Person, Project

UNKNOWN_NAME: Final = "Unknown"


def ticket_fields(row: Record, now: datetime) -> dict[str, Any]:
    """What `TicketRow` is made of, from one row of the repository's view."""
    status = Status(row["status"])
    return {
        "id": row["id"],
        "number": row["number"],
        "title": row["title"],
        "status": status,
        "priority": row["priority"],
        "category": row["category"],
        "assignee": person(row, "assignee_id", "assignee"),
        "contact": _contact(row),
        "project": _named(Project, row, "project"),
        "sla_due_at": row["sla_due_at"],
        "sla_source": row["sla_source"],
        "sla_state": model.sla_state(
            status=status,
            due=row["sla_due_at"],
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
        "created_by": person(row, "created_by", "creator"),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "version": row["version"],
    }


def person(row: Record, id_column: str, prefix: str) -> Person | None:
    if row[id_column] is None:
        return None
    name = row[f"{prefix}_name"]
    return Person(id=row[id_column], name=name or UNKNOWN_NAME, active=bool(row[f"{prefix}_active"]))


def _contact(row: Record) -> Contact | None:
    if row["contact_id"] is None:
        return None
    return Contact(
        id=row["contact_id"],
        name=row["contact_name"],
        email=row["contact_email"],
        active=row["contact_active"],
        company=_named(Company, row, "company"),
    )


def _named(kind: type[Any], row: Record, prefix: str) -> Any:
    entity_id, name = row[f"{prefix}_id"], row[f"{prefix}_name"]
    if entity_id is None or name is None:
        return None
    return kind(id=entity_id, name=name, active=row[f"{prefix}_active"])
