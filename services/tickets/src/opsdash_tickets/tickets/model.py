"""The rules of a ticket: pure functions over plain values; no clock, no database, no framework."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from opsdash_contracts.ticket_rules import ACTIVE, FINISHED
from opsdash_contracts.tickets import Category, Outcome, Priority, SlaSource, Status

from opsdash_tickets.errors import InvalidTransition, TicketFinished
from opsdash_tickets.tickets import due_times

RESTORE_DAYS: Final = 30
_FINISHED: Final = frozenset(FINISHED)
_TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = {
    Status.OPEN: frozenset({Status.IN_PROGRESS, Status.WAITING}) | _FINISHED,
    Status.IN_PROGRESS: frozenset({Status.OPEN, Status.WAITING}) | _FINISHED,
    Status.WAITING: frozenset({Status.OPEN, Status.IN_PROGRESS}) | _FINISHED,
    Status.RESOLVED: frozenset({Status.OPEN, Status.CLOSED}),
    Status.CLOSED: frozenset({Status.OPEN}),
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket's own state; names of people, contacts and projects live in the directory."""

    id: UUID
    org_id: UUID
    number: int
    title: str
    description: str
    status: Status
    priority: Priority
    category: Category
    assignee_id: UUID | None
    contact_id: UUID | None
    project_id: UUID | None
    sla_due_at: datetime | None
    sla_source: SlaSource | None
    sla_outcome: Outcome | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    reopen_count: int
    comment_count: int
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after."""

    before: Any
    after: Any


def stamps_at_creation(status: Status, due: datetime, now: datetime) -> dict[str, Any]:
    """`resolved_at`, `closed_at` and `sla_outcome` of a ticket that is created in a status."""
    finished = status in FINISHED
    return {
        "resolved_at": now if finished else None,
        "closed_at": now if status is Status.CLOSED else None,
        "sla_outcome": due_times.judged(due, now) if finished else None,
    }


def patched(ticket: Ticket, fields: Mapping[str, Any], *, actor_id: UUID, now: datetime) -> Ticket:
    """The ticket with the given fields changed and everything that follows from them; not yet a new version.

    Raises InvalidTransition, or TicketFinished for another due time on a ticket that is and stays finished.
    """
    after = replace(ticket, **fields)
    if after.status is not ticket.status:
        after = _moved(after, ticket.status, actor_id=actor_id, now=now)
    if after.sla_due_at == ticket.sla_due_at:
        return after
    if ticket.status in FINISHED:
        check_running(after)
    return replace(after, sla_source=SlaSource.MANUAL)


def check_running(ticket: Ticket) -> None:
    """The due time of a finished ticket belongs to its outcome. Raises TicketFinished."""
    if ticket.status in FINISHED:
        raise TicketFinished(ticket.status)


def allowed_statuses(status: Status) -> list[Status]:
    """Where a ticket in this status can go."""
    return sorted(_TRANSITIONS[status], key=list(Status).index)


def _moved(after: Ticket, before: Status, *, actor_id: UUID, now: datetime) -> Ticket:
    if after.status not in _TRANSITIONS[before]:
        raise InvalidTransition(before, allowed_statuses(before))
    if before in FINISHED and after.status in ACTIVE:
        return replace(after, resolved_at=None, closed_at=None, sla_outcome=None, reopen_count=after.reopen_count + 1)
    if after.status in FINISHED:
        resolved_at = after.resolved_at or now
        outcome = after.sla_outcome or due_times.judged(after.sla_due_at, resolved_at)
        closed_at = now if after.status is Status.CLOSED else None
        return replace(after, resolved_at=resolved_at, closed_at=closed_at, sla_outcome=outcome)
    answers = after.status is Status.IN_PROGRESS and after.first_response_at is None and actor_id != after.created_by
    return replace(after, first_response_at=now) if answers else after


def changes_between(before: Ticket, after: Ticket) -> dict[str, Change]:
    """Every field that differs, apart from the bookkeeping of the version itself."""
    names = (name for name in Ticket.__slots__ if name not in {"version", "updated_at"})
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in names)
    return {name: Change(old, new) for name, old, new in pairs if old != new}
