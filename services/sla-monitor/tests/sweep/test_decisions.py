"""What becomes of a deadline that is due, by what its owner says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from opsdash_sla_monitor.deadlines.model import BREACH_GRACE, Deadline, State, Step
from opsdash_sla_monitor.deadlines.verdicts import Verdict
from opsdash_sla_monitor.sweep.decisions import SOON, TRIES_BEFORE_REPAIR, UPSTREAM_PAUSE, Action, decide

from tests.support.sla import HOUR, NEW, NOON

PATIENCE = timedelta(seconds=30)
BREACH = replace(NEW, due_at=NOON - HOUR, state=State.RUNNING, next_step=Step.BREACH, next_at=NOON - HOUR)
WARNING = replace(NEW, due_at=NOON + HOUR, state=State.RUNNING, next_step=Step.WARNING, next_at=NOON)


def after(deadline: Deadline, verdict: Verdict | None) -> tuple[Action, Step | None, timedelta | None]:
    """The action, the next step, and when, counted from noon."""
    decision = decide(deadline, verdict, now=NOON, patience=PATIENCE)
    at = decision.after.next_at
    return decision.action, decision.after.next_step, None if at is None else at - NOON


@pytest.mark.parametrize(
    ("deadline", "verdict", "wanted"),
    [
        (BREACH, Verdict.OVERDUE, (Action.NOTIFY, None, None)),
        (BREACH, Verdict.OPEN, (Action.WAIT, Step.BREACH, SOON)),
        (BREACH, Verdict.BUSY, (Action.WAIT, Step.BREACH, SOON)),
        (BREACH, Verdict.NO_SUPPORT, (Action.WITHHOLD, None, None)),
        (BREACH, Verdict.FINISHED, (Action.WAIT, Step.BREACH, timedelta(seconds=2))),
        (BREACH, Verdict.UNKNOWN, (Action.WAIT, Step.BREACH, timedelta(seconds=2))),
        (BREACH, None, (Action.WAIT, Step.BREACH, UPSTREAM_PAUSE)),
        (WARNING, Verdict.OPEN, (Action.NOTIFY, Step.BREACH, HOUR + BREACH_GRACE)),
        (WARNING, Verdict.OVERDUE, (Action.WAIT, Step.BREACH, HOUR + BREACH_GRACE)),
        (WARNING, Verdict.NO_SUPPORT, (Action.WITHHOLD, Step.BREACH, HOUR + BREACH_GRACE)),
        (WARNING, Verdict.MOVED, (Action.WAIT, Step.WARNING, timedelta(seconds=2))),
    ],
)
def test_only_what_the_owner_confirms_is_told(deadline, verdict, wanted):
    assert after(deadline, verdict) == wanted


def test_due_exactly_now_is_not_a_breach():
    assert after(replace(BREACH, due_at=NOON), Verdict.OVERDUE)[0] is Action.WAIT


def test_an_owner_that_is_away_too_long_is_not_waited_for():
    waiting = replace(BREACH, unanswered_since=NOON - PATIENCE)
    assert after(waiting, None)[0] is Action.WAIT
    decision = decide(waiting, None, now=NOON + timedelta(milliseconds=1), patience=PATIENCE)
    assert (decision.action, decision.confirmed) == (Action.NOTIFY, False)


def test_a_warning_nobody_could_confirm_in_time_gives_way_to_the_breach():
    late = replace(WARNING, due_at=NOON - HOUR, unanswered_since=NOON - HOUR)
    decision = decide(late, None, now=NOON, patience=PATIENCE)
    assert (decision.action, decision.after.next_step) == (Action.WAIT, Step.BREACH)
    assert decision.after.unanswered_since == NOON - HOUR


def test_an_event_that_never_comes_is_replaced_by_the_owners_state():
    deadline, actions = BREACH, []
    for _ in range(TRIES_BEFORE_REPAIR):
        decision = decide(deadline, Verdict.FINISHED, now=NOON, patience=PATIENCE)
        deadline = decision.after
        actions.append(decision.action)
    assert actions == [Action.WAIT] * (TRIES_BEFORE_REPAIR - 1) + [Action.REPAIR]
    assert deadline.next_at is not None
    assert deadline.next_at - NOON == timedelta(seconds=64)
