"""From what the monitor found to the event that is published: the one mapping between the two."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import uuid_utils.compat as uuid_utils
from opsdash_chassis.observability.tracing import current_traceparent
from opsdash_contracts import sla
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import (
    CHANGED_BEFORE_NOTICED,
    SlaEvent,
    SlaNotice,
    SlaOutcome,
    SlaRule,
    SlaTimer,
    notice_id,
)

from opsdash_sla_monitor.deadlines.model import Deadline, Entry, Step

NOTICE_TYPES = {Step.WARNING: sla.WARNING, Step.BREACH: sla.BREACHED}
NOTICE_RULES = {Step.WARNING: SlaRule.WINDOW_NEARLY_GONE, Step.BREACH: SlaRule.DUE_TIME_PASSED}


def timer_event(
    deadline: Deadline, entry: Entry, *, sequence: int, actor_id: UUID | None, now: datetime
) -> Event[SlaEvent]:
    """The event of an entry; whoever changed the ticket is the actor."""
    common = _common(deadline, sequence=sequence, due_at=entry.due_at, rule=entry.rule)
    data: SlaEvent
    if entry.finished_at is not None:
        why = {"notified": False, "reason": CHANGED_BEFORE_NOTICED} if entry.unnoticed else {}
        data = SlaOutcome(**common, finished_at=entry.finished_at, **why)
    else:
        data = SlaTimer(**common, sla_source=deadline.sla_source, previous_due_at=entry.previous_due_at)
    return Event.of(
        data,
        type=entry.event_type,
        id=uuid_utils.uuid7(),
        time=now,
        actor_id=actor_id,
        traceparent=current_traceparent(),
    )


def notice_event(
    deadline: Deadline, step: Step, *, due_at: datetime, lateness: timedelta, confirmed: bool, now: datetime
) -> Event[SlaEvent]:
    """The only event there can be for this ticket, due time and kind. `deadline.sequence` is already its own."""
    data = SlaNotice(
        **_common(deadline, sequence=deadline.sequence, due_at=due_at, rule=NOTICE_RULES[step]),
        detected_at=now,
        lateness_ms=max(0, round(lateness / timedelta(milliseconds=1))),
        confirmed=confirmed,
    )
    event_type = NOTICE_TYPES[step]
    event_id = notice_id(event_type, deadline.org_id, deadline.ticket_id, due_at)
    return Event.of(data, type=event_type, id=event_id, time=now, traceparent=current_traceparent())


def _common(deadline: Deadline, *, sequence: int, due_at: datetime, rule: SlaRule) -> dict[str, Any]:
    return {
        "org_id": deadline.org_id,
        "version": sequence,
        "ticket_id": deadline.ticket_id,
        "number": deadline.number,
        "ticket_version": deadline.version,
        "priority": deadline.priority,
        "assignee_id": deadline.assignee_id,
        "created_by": deadline.created_by,
        "due_at": due_at,
        "rule": rule,
    }
