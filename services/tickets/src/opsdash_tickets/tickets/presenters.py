"""From a row of a view to the REST body of a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from opsdash_contracts.tickets import Category, Outcome, Priority, SlaSource, Status

from opsdash_tickets.common_schemas import Company, Contact, Person, Project
from opsdash_tickets.tickets import due_times
from opsdash_tickets.tickets.rows import NamedTicket
from opsdash_tickets.tickets.schemas import TicketRow

UNKNOWN_NAME: Final = "Unknown"
Named = TypeVar("Named", Company, Project)
# By their values: a lookup is a fifth of a call of the class.
_STATUSES: Final = {status.value: status for status in Status}
_PRIORITIES: Final = {priority.value: priority for priority in Priority}
_CATEGORIES: Final = {category.value: category for category in Category}
_SOURCES: Final[dict[str | None, SlaSource | None]] = {None: None} | {source.value: source for source in SlaSource}
_OUTCOMES: Final[dict[str | None, Outcome | None]] = {None: None} | {outcome.value: outcome for outcome in Outcome}


def ticket_row(row: NamedTicket, now: datetime) -> TicketRow:
    """The ticket as lists show it."""
    return TicketRow(
        id=row.id,
        number=row.number,
        title=row.title,
        status=_STATUSES[row.status],
        priority=_PRIORITIES[row.priority],
        category=_CATEGORIES[row.category],
        assignee=_assignee(row),
        contact=_contact(row),
        project=_named(Project, row.project_id, row.project_name, row.project_active),
        sla_due_at=row.sla_due_at,
        sla_source=_SOURCES[row.sla_source],
        sla_state=_sla_state(row, now),
        sla_breached_at=row.sla_breached_at,
        first_response_at=row.first_response_at,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        reopen_count=row.reopen_count,
        comment_count=row.comment_count,
        created_by=person(row.created_by, row.creator_name, row.creator_active),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def person(user_id: UUID, name: str | None, active: bool | None) -> Person:
    return Person(id=user_id, name=name or UNKNOWN_NAME, active=bool(active))


def _sla_state(row: NamedTicket, now: datetime) -> due_times.SlaState:
    return due_times.sla_state(
        status=_STATUSES[row.status],
        due=row.sla_due_at,
        outcome=_OUTCOMES[row.sla_outcome],
        created_at=row.created_at,
        finished_at=row.resolved_at,
        now=now,
    )


def _assignee(row: NamedTicket) -> Person | None:
    return None if row.assignee_id is None else person(row.assignee_id, row.assignee_name, row.assignee_active)


def _contact(row: NamedTicket) -> Contact | None:
    if row.contact_id is None:
        return None
    return Contact(
        id=row.contact_id,
        name=UNKNOWN_NAME if row.contact_name is None else row.contact_name,
        email=row.contact_email,
        active=row.contact_active,
        company=_named(Company, row.company_id, row.company_name, row.company_active),
    )


def _named(kind: type[Named], entity_id: UUID | None, name: str | None, active: bool | None) -> Named | None:
    if entity_id is None or name is None:
        return None
    return kind(id=entity_id, name=name, active=bool(active))
