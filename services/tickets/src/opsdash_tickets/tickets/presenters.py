"""From a row of a view to the REST body of a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from opsdash_contracts.tickets import Category, Outcome, Priority, SlaSource, Status

from opsdash_tickets.names.model import Names
from opsdash_tickets.tickets import due_times
from opsdash_tickets.tickets.rows import ListedTicket, TicketColumns
from opsdash_tickets.tickets.schemas import FoundIn, TicketRow

# By their values: a lookup is a fifth of a call of the class.
_STATUSES: Final = {status.value: status for status in Status}
_PRIORITIES: Final = {priority.value: priority for priority in Priority}
_CATEGORIES: Final = {category.value: category for category in Category}
_SOURCES: Final[dict[str | None, SlaSource | None]] = {None: None} | {source.value: source for source in SlaSource}
_PLACES: Final = {place.value: place for place in FoundIn}
_OUTCOMES: Final[dict[str | None, Outcome | None]] = {None: None} | {outcome.value: outcome for outcome in Outcome}


def ticket_row(row: TicketColumns, names: Names, now: datetime) -> TicketRow:
    """The ticket as lists show it."""
    return TicketRow(
        id=row.id,
        number=row.number,
        title=row.title,
        status=_STATUSES[row.status],
        priority=_PRIORITIES[row.priority],
        category=_CATEGORIES[row.category],
        assignee=None if row.assignee_id is None else names.person(row.assignee_id),
        contact=names.contact(row.contact_id),
        project=names.projects[row.project_id],
        sla_due_at=row.sla_due_at,
        sla_source=_SOURCES[row.sla_source],
        sla_state=_sla_state(row, now),
        sla_breached_at=row.sla_breached_at,
        first_response_at=row.first_response_at,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        reopen_count=row.reopen_count,
        comment_count=row.comment_count,
        created_by=names.person(row.created_by),
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def listed_row(row: ListedTicket, names: Names, now: datetime) -> TicketRow:
    """The same with the fields that the words of a search were found in."""
    shown = ticket_row(row, names, now)
    if row.found_in is not None:
        shown.found_in = [_PLACES[field] for field in row.found_in]
    return shown


def _sla_state(row: TicketColumns, now: datetime) -> due_times.SlaState:
    return due_times.sla_state(
        status=_STATUSES[row.status],
        due=row.sla_due_at,
        outcome=_OUTCOMES[row.sla_outcome],
        created_at=row.created_at,
        finished_at=row.resolved_at,
        now=now,
    )
