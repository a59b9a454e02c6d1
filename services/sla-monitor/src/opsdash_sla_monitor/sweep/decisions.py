"""What to do with a deadline that is due, given the tickets service's answer about its ticket. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from opsdash_sla_monitor.deadlines.model import Deadline, Step, at_rest, waiting_for_breach
from opsdash_sla_monitor.deadlines.verdicts import Verdict

SOON: Final = timedelta(milliseconds=200)
UPSTREAM_PAUSE: Final = timedelta(seconds=2)
LONGEST_PAUSE_SECONDS: Final = 64
#: Asked this often (about two minutes), an event that would explain the answer is not coming any more.
TRIES_BEFORE_REPAIR: Final = 6


class Action(StrEnum):
    NOTIFY = "notify"
    WITHHOLD = "withhold"
    WAIT = "wait"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class Decision:
    """`step` is what was due; `after` is the deadline with its next step."""

    action: Action
    step: Step
    after: Deadline
    confirmed: bool = True


def decide(deadline: Deadline, verdict: Verdict | None, *, now: datetime, patience: timedelta) -> Decision:
    """Notify only of what the tickets service confirms, or what it could not be asked about for too long."""
    step = deadline.next_step or Step.BREACH
    if step is Step.BREACH and not _passed(deadline, now):
        return Decision(Action.WAIT, step, replace(deadline, next_at=now + SOON))  # the clock was set back
    if verdict is None:
        return _unanswered(deadline, step, now=now, patience=patience)
    if verdict is Verdict.NO_SUPPORT:
        return Decision(Action.WITHHOLD, step, _done(deadline, step))
    if verdict is Verdict.BUSY:
        return Decision(Action.WAIT, step, replace(deadline, next_at=now + SOON, unanswered_since=None))
    if verdict in {Verdict.OVERDUE, Verdict.OPEN}:
        return _still_open(deadline, step, overdue=verdict is Verdict.OVERDUE, now=now)
    return _disputed(deadline, step, now=now)


def _still_open(deadline: Deadline, step: Step, *, overdue: bool, now: datetime) -> Decision:
    if step is Step.WARNING and (overdue or _passed(deadline, now)):
        return Decision(Action.WAIT, step, _done(deadline, step))  # too late to warn: the breach is next
    if step is Step.BREACH and not overdue:
        return Decision(Action.WAIT, step, replace(deadline, next_at=now + SOON, unanswered_since=None))
    return Decision(Action.NOTIFY, step, _done(deadline, step))


def _unanswered(deadline: Deadline, step: Step, *, now: datetime, patience: timedelta) -> Decision:
    since = deadline.unanswered_since or now
    if now - since <= patience:
        return Decision(Action.WAIT, step, replace(deadline, next_at=now + UPSTREAM_PAUSE, unanswered_since=since))
    if step is Step.WARNING and _passed(deadline, now):
        return Decision(Action.WAIT, step, replace(_done(deadline, step), unanswered_since=since))
    return Decision(Action.NOTIFY, step, _done(deadline, step), confirmed=False)


def _disputed(deadline: Deadline, step: Step, *, now: datetime) -> Decision:
    """The tickets service is ahead: the event that says why is on its way. If it does not come, ask for the state."""
    tries = deadline.tries + 1
    pause = timedelta(seconds=min(2**tries, LONGEST_PAUSE_SECONDS))
    after = replace(deadline, tries=tries, next_at=now + pause, unanswered_since=None)
    return Decision(Action.WAIT if tries < TRIES_BEFORE_REPAIR else Action.REPAIR, step, after)


def _done(deadline: Deadline, step: Step) -> Deadline:
    """After a warning comes the due time; after that nothing."""
    if step is Step.WARNING and deadline.due_at is not None:
        return waiting_for_breach(deadline, deadline.due_at)
    return at_rest(deadline)


def _passed(deadline: Deadline, now: datetime) -> bool:
    return deadline.due_at is not None and deadline.due_at < now
