"""The rules of a due time: when its timer starts, moves and stops. Pure functions; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from opsdash_contracts import sla
from opsdash_contracts.sla import SlaRule
from opsdash_contracts.ticket_rules import ACTIVE, AT_RISK_SHARE
from opsdash_contracts.tickets import Priority, SlaSource, Status

WARNING_LEAD: Final = timedelta(minutes=15)
SHORTEST_WARNED_WINDOW: Final = timedelta(minutes=30)
#: A resolve that began in time gets this long to reach its ticket, where tickets then sees it and waits for it.
BREACH_GRACE: Final = timedelta(milliseconds=250)


#: Names a ticket: its org and its id.
Key: TypeAlias = tuple[UUID, UUID]


class State(StrEnum):
    """What the monitor last said about the ticket's timer."""

    NONE = "none"
    RUNNING = "running"
    MET = "met"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What there is to do next; also the kind of notice it makes."""

    WARNING = "warning"
    BREACH = "breach"


@dataclass(frozen=True, slots=True)
class TicketState:
    """One version of a ticket, as far as its due time is concerned."""

    org_id: UUID
    ticket_id: UUID
    number: int
    version: int
    status: Status
    priority: Priority
    assignee_id: UUID | None
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    sla_source: SlaSource | None
    resolved_at: datetime | None
    deleted: bool

    @property
    def key(self) -> Key:
        return self.org_id, self.ticket_id

    @property
    def runs(self) -> bool:
        """A timer runs for living, active tickets that have a due time."""
        return not self.deleted and self.status in ACTIVE and self.due_at is not None


#: How a timer ended, by the event that says so.
_STATES = {sla.MET: State.MET, sla.MISSED: State.MISSED, sla.CANCELLED: State.CANCELLED}


@dataclass(frozen=True, slots=True)
class Deadline:
    """What the monitor knows of a ticket and will do next. `since` is when this due time came into force."""

    org_id: UUID
    ticket_id: UUID
    number: int
    version: int
    sequence: int
    priority: Priority
    assignee_id: UUID | None
    created_by: UUID
    created_at: datetime
    due_at: datetime | None
    sla_source: SlaSource | None
    state: State
    since: datetime
    next_step: Step | None
    next_at: datetime | None
    tries: int
    unanswered_since: datetime | None

    @property
    def key(self) -> Key:
        return self.org_id, self.ticket_id


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to publish about a timer, with the due time it is about.

    `unnoticed`: it ended after its due time, before anybody had been told.
    """

    event_type: str
    due_at: datetime
    rule: SlaRule
    previous_due_at: datetime | None = None
    finished_at: datetime | None = None
    unnoticed: bool = False


def warning_at(*, created_at: datetime, due_at: datetime, since: datetime) -> datetime | None:
    """80 % of created → due, at least 15 minutes before due, not before the due time was in force; else none."""
    window = due_at - created_at
    if window < SHORTEST_WARNED_WINDOW:
        return None
    latest = due_at - WARNING_LEAD
    moment = max(min(created_at + window * AT_RISK_SHARE, latest), since)
    return moment if moment <= latest else None


def unknown(ticket: TicketState) -> Deadline:
    """What there is of a ticket before its first version."""
    return Deadline(
        org_id=ticket.org_id,
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        version=0,
        sequence=0,
        priority=ticket.priority,
        assignee_id=None,
        created_by=ticket.created_by,
        created_at=ticket.created_at,
        due_at=None,
        sla_source=None,
        state=State.NONE,
        since=ticket.updated_at,
        next_step=None,
        next_at=None,
        tries=0,
        unanswered_since=None,
    )


def follow(before: Deadline, ticket: TicketState) -> tuple[Deadline, list[Entry]]:
    """The deadline after a newer version of its ticket, and what that means for the timer."""
    entries = _entries(before, ticket)
    started = next((entry for entry in entries if entry.event_type in {sla.SCHEDULED, sla.RESCHEDULED}), None)
    after = replace(
        before,
        number=ticket.number,
        version=ticket.version,
        priority=ticket.priority,
        assignee_id=ticket.assignee_id,
        due_at=ticket.due_at,
        sla_source=ticket.sla_source,
        state=_state(before, ticket, entries),
        since=ticket.updated_at if started else before.since,
    )
    if not ticket.runs:
        return at_rest(after), entries
    return (first_step(after) if started else after), entries


def first_step(deadline: Deadline) -> Deadline:
    """Begin to wait for the warning, or at once for the breach."""
    if deadline.due_at is None:
        return at_rest(deadline)
    warning = warning_at(created_at=deadline.created_at, due_at=deadline.due_at, since=deadline.since)
    if warning is None:
        return waiting_for_breach(deadline, deadline.due_at)
    return waiting(deadline, Step.WARNING, warning)


def waiting(deadline: Deadline, step: Step, at: datetime) -> Deadline:
    """The deadline with a fresh next step."""
    return replace(deadline, next_step=step, next_at=at, tries=0, unanswered_since=None)


def waiting_for_breach(deadline: Deadline, due_at: datetime) -> Deadline:
    return waiting(deadline, Step.BREACH, due_at + BREACH_GRACE)


def at_rest(deadline: Deadline) -> Deadline:
    """The deadline with nothing to do."""
    return replace(deadline, next_step=None, next_at=None, tries=0, unanswered_since=None)


def _entries(before: Deadline, ticket: TicketState) -> list[Entry]:
    if before.state is not State.RUNNING or before.due_at is None:
        return _entries_of_no_timer(before, ticket)
    changed = [*_missed_unnoticed(before, ticket), *_moved(before.due_at, ticket)]
    due = ticket.due_at
    if due is None or ticket.runs:
        return _ended_once(changed)
    if ticket.deleted:
        return _ended_once([*changed, Entry(sla.CANCELLED, due, SlaRule.DELETED)])
    return [*changed, _outcome(ticket, due, nobody_notified=due == before.due_at and before.next_step is not None)]


def _entries_of_no_timer(before: Deadline, ticket: TicketState) -> list[Entry]:
    """A timer starts, or starts and ends at once: one change can set the due time and finish the ticket.

    Nothing is said of a ticket that stays finished, or was finished when it became known.
    """
    due = ticket.due_at
    if due is None or ticket.deleted:
        return []
    started = Entry(sla.SCHEDULED, due, _why_started(before, ticket))
    if ticket.runs:
        return [started]
    follows = ticket.version == before.version + 1  # else versions in between may have opened the ticket again
    outcome = _outcome(ticket, due, nobody_notified=follows)
    stays = before.state is _STATES[outcome.event_type] or (follows and before.state in {State.MET, State.MISSED})
    return [] if stays or before.version == 0 else [started, outcome]


def _outcome(ticket: TicketState, due: datetime, *, nobody_notified: bool) -> Entry:
    """What became of the due time of a finished ticket."""
    finished_at = ticket.resolved_at or ticket.updated_at
    missed = finished_at > due
    return Entry(
        sla.MISSED if missed else sla.MET,
        due,
        SlaRule.FINISHED,
        finished_at=finished_at,
        unnoticed=missed and nobody_notified,
    )


def _missed_unnoticed(before: Deadline, ticket: TicketState) -> list[Entry]:
    """The due time had passed when the ticket was changed, and nobody was told: nothing else would say so.

    After a gap in the versions it is not known when the due time was moved.
    """
    passed = before.due_at is not None and ticket.updated_at > before.due_at
    ended = ticket.due_at != before.due_at or ticket.deleted
    known = ticket.version == before.version + 1 and before.next_step is not None
    if before.due_at is None or not (passed and ended and known):
        return []
    at = ticket.updated_at
    return [Entry(sla.MISSED, before.due_at, SlaRule.DUE_TIME_PASSED, finished_at=at, unnoticed=True)]


def _ended_once(entries: list[Entry]) -> list[Entry]:
    """What has ended as missed is not cancelled as well."""
    missed = {entry.due_at for entry in entries if entry.event_type == sla.MISSED}
    return [entry for entry in entries if not (entry.event_type == sla.CANCELLED and entry.due_at in missed)]


def _moved(before: datetime, ticket: TicketState) -> list[Entry]:
    if ticket.due_at == before:
        return []
    if ticket.due_at is None:
        return [Entry(sla.CANCELLED, before, SlaRule.CLEARED)]
    rule = SlaRule.RECOMPUTED if ticket.sla_source is SlaSource.AUTO else SlaRule.MANUAL
    return [Entry(sla.RESCHEDULED, ticket.due_at, rule, previous_due_at=before)]


def _why_started(before: Deadline, ticket: TicketState) -> SlaRule:
    if before.state is State.CANCELLED:
        return SlaRule.RESTORED
    if before.state in {State.MET, State.MISSED} or (before.version > 0 and ticket.due_at == before.due_at):
        return SlaRule.REOPENED
    return SlaRule.MANUAL if ticket.sla_source is SlaSource.MANUAL else SlaRule.PRIORITY


def _state(before: Deadline, ticket: TicketState, entries: list[Entry]) -> State:
    if ticket.runs:
        return State.RUNNING
    if ticket.due_at is None:
        return State.NONE
    if ticket.deleted and before.state is State.RUNNING:
        return State.CANCELLED
    if before.version == 0 and not ticket.deleted:
        return _STATES[_outcome(ticket, ticket.due_at, nobody_notified=False).event_type]
    last = entries[-1].event_type if entries else ""
    return _STATES.get(last, before.state if before.state is not State.RUNNING else State.NONE)
