"""The rules of a due time: when a ticket is due by its priority, how that ended, where a ticket stands against it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from opsdash_contracts.ticket_rules import AT_RISK_SHARE, FINISHED
from opsdash_contracts.tickets import Outcome, Priority, Status

from opsdash_tickets.errors import FieldProblem, InvalidFields

SLA_HOURS: Final[Mapping[Priority, int]] = {
    Priority.URGENT: 4,
    Priority.HIGH: 24,
    Priority.MEDIUM: 72,
    Priority.LOW: 168,
}
FURTHEST_DUE: Final = timedelta(days=3653)


class SlaState(StrEnum):
    NONE = "none"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    MET = "met"
    MISSED = "missed"


def due_at(created_at: datetime, priority: Priority) -> datetime:
    """When a ticket created then, at that priority, must be resolved."""
    return created_at + timedelta(hours=SLA_HOURS[priority])


def check_due(due: datetime | None, now: datetime) -> None:
    """Raises InvalidFields for a due time that cannot be asked for."""
    if due is None:
        return
    if due <= now:
        raise InvalidFields([FieldProblem("/sla_due_at", "in-the-past", "must lie in the future")])
    if due > now + FURTHEST_DUE:
        raise InvalidFields([FieldProblem("/sla_due_at", "too-far", "must lie within ten years")])


def judged(due: datetime | None, finished_at: datetime | None) -> Outcome:
    """How a due time ended; finished exactly then is in time."""
    if due is None:
        return Outcome.NONE
    return Outcome.MET if finished_at is None or finished_at <= due else Outcome.MISSED


def sla_state(
    *,
    status: Status,
    due: datetime | None,
    outcome: Outcome | None,
    created_at: datetime,
    finished_at: datetime | None,
    now: datetime,
) -> SlaState:
    """Where a ticket stands against its due time; due exactly now is not a breach.

    A finished ticket without an outcome was finished by a release that did not store it.
    """
    if status in FINISHED:
        return SlaState(outcome or judged(due, finished_at))
    if due is None:
        return SlaState.NONE
    if due < now:
        return SlaState.BREACHED
    whole = due - created_at
    at_risk = not whole or (now - created_at) / whole >= AT_RISK_SHARE  # a fourth of the time of a product and a sum
    return SlaState.AT_RISK if at_risk else SlaState.ON_TRACK
