"""Carries decisions out in the transaction that holds the claim: notices, their events, every next step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaEvent
from opsdash_contracts.topics import SLA

from opsdash_sla_monitor.deadlines import model
from opsdash_sla_monitor.deadlines.events import notice_event
from opsdash_sla_monitor.deadlines.model import Deadline, Step
from opsdash_sla_monitor.sweep import metrics, repository
from opsdash_sla_monitor.sweep.decisions import Action, Decision


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning or breach that is true now; `is_new` unless this pair was notified of before."""

    deadline: Deadline
    step: Step
    due_at: datetime
    lateness: timedelta
    confirmed: bool
    event: Event[SlaEvent]
    is_new: bool = False

    @property
    def event_id(self) -> UUID:
        return self.event.envelope.id

    @property
    def lateness_ms(self) -> int:
        return round(self.lateness / timedelta(milliseconds=1))


async def carry_out(work: UnitOfWork, decisions: Sequence[Decision]) -> list[Notice]:
    """Returns the notices, new and already sent."""
    notices = await _notify(work, [_notice(decision, work.now) for decision in decisions if _notifies(decision)])
    withheld = [decision for decision in decisions if decision.action is Action.WITHHOLD]
    if withheld:
        await repository.withhold(work.connection, [_withheld(decision) for decision in withheld])
    notified = {notice.deadline.ticket_id: notice.deadline for notice in notices if notice.is_new}
    await repository.reschedule(
        work.connection, [notified.get(decision.after.ticket_id, decision.after) for decision in decisions]
    )
    _measure(notices, withheld, work.now)
    return notices


async def _notify(work: UnitOfWork, notices: Sequence[Notice]) -> list[Notice]:
    if not notices:
        return []
    new = await repository.notify(work.connection, [_row(notice, work.now) for notice in notices])
    known = [notice.event_id for notice in notices if notice.event_id not in new]
    if known:
        await repository.found_again(work.connection, known)
    result = [replace(notice, is_new=notice.event_id in new) for notice in notices]
    await work.append_events([notice.event for notice in result if notice.is_new], topic=SLA)
    return result


def _notifies(decision: Decision) -> bool:
    return decision.action is Action.NOTIFY


def _notice(decision: Decision, now: datetime) -> Notice:
    """`deadline` already counts the notice's event; it is used only if the notice turns out to be new."""
    deadline = replace(decision.after, sequence=decision.after.sequence + 1)
    due_at = _due_at(deadline)
    wanted_at = due_at
    if decision.step is Step.WARNING:
        planned = model.warning_at(created_at=deadline.created_at, due_at=due_at, since=deadline.since)
        wanted_at = planned or now
    lateness = max(now - wanted_at, timedelta(0))
    event = notice_event(
        deadline, decision.step, due_at=due_at, lateness=lateness, confirmed=decision.confirmed, now=now
    )
    return Notice(deadline, decision.step, due_at, lateness, decision.confirmed, event)


def _row(notice: Notice, now: datetime) -> tuple[UUID, UUID, datetime, Step, UUID, datetime, int, bool]:
    deadline = notice.deadline
    return (
        deadline.org_id, deadline.ticket_id, notice.due_at, notice.step,
        notice.event_id, now, notice.lateness_ms, notice.confirmed,
    )  # fmt: skip


def _withheld(decision: Decision) -> tuple[UUID, UUID, datetime, Step]:
    return decision.after.org_id, decision.after.ticket_id, _due_at(decision.after), decision.step


def _due_at(deadline: Deadline) -> datetime:
    if deadline.due_at is None:
        raise ValueError("a deadline that waits for something has a due time")
    return deadline.due_at


def _measure(notices: Sequence[Notice], withheld: Sequence[Decision], now: datetime) -> None:
    for notice in notices:
        if not notice.is_new:
            metrics.ALREADY_NOTIFIED.labels(notice.step).inc()
            continue
        metrics.NOTICES.labels(notice.step, str(notice.confirmed).lower()).inc()
        if notice.step is Step.BREACH:
            metrics.LATENESS.observe((now - max(notice.due_at, notice.deadline.since)).total_seconds())
    for decision in withheld:
        metrics.WITHHELD.labels(decision.step).inc()
