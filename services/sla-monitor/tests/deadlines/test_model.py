"""When a timer starts, moves, stops and warns."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_contracts import sla
from opsdash_contracts.sla import SlaRule
from opsdash_contracts.tickets import Priority, SlaSource, Status
from opsdash_sla_monitor.deadlines.model import (
    BREACH_GRACE,
    Deadline,
    State,
    Step,
    TicketState,
    follow,
    warning_at,
)

from tests.support.sla import HOUR, MINUTE, NEW, NOON, TICKET


def story(*tickets: TicketState) -> tuple[Deadline, list[tuple[str, SlaRule]]]:
    """The deadline after these versions, and every entry on the way."""
    deadline, notified = NEW, []
    for version, ticket in enumerate(tickets, start=1):
        deadline, entries = follow(deadline, replace(ticket, version=version))
        notified += [(entry.event_type, entry.rule) for entry in entries]
    return deadline, notified


RESOLVED = replace(TICKET, status=Status.RESOLVED, resolved_at=NOON + HOUR)
DELETED = replace(TICKET, deleted=True)
MOVED = replace(TICKET, due_at=NOON + 8 * HOUR, sla_source=SlaSource.MANUAL)
CLEARED = replace(TICKET, due_at=None, sla_source=SlaSource.MANUAL)
STARTED = (sla.SCHEDULED, SlaRule.PRIORITY)


@pytest.mark.parametrize(
    ("tickets", "notified", "state"),
    [
        ([TICKET], [STARTED], State.RUNNING),
        ([MOVED], [(sla.SCHEDULED, SlaRule.MANUAL)], State.RUNNING),
        ([RESOLVED], [], State.MET),
        ([replace(RESOLVED, due_at=NOON)], [], State.MISSED),
        ([replace(CLEARED, status=Status.RESOLVED, resolved_at=NOON)], [], State.NONE),
        ([CLEARED, RESOLVED], [STARTED, (sla.MET, SlaRule.FINISHED)], State.MET),
        ([CLEARED, replace(RESOLVED, due_at=NOON)], [STARTED, (sla.MISSED, SlaRule.FINISHED)], State.MISSED),
        ([CLEARED, RESOLVED, RESOLVED], [STARTED, (sla.MET, SlaRule.FINISHED)], State.MET),
        ([RESOLVED, TICKET], [(sla.SCHEDULED, SlaRule.REOPENED)], State.RUNNING),
        ([TICKET, replace(TICKET, priority=Priority.URGENT)], [STARTED], State.RUNNING),
        ([TICKET, MOVED], [STARTED, (sla.RESCHEDULED, SlaRule.MANUAL)], State.RUNNING),
        (
            [TICKET, MOVED, TICKET],
            [STARTED, (sla.RESCHEDULED, SlaRule.MANUAL), (sla.RESCHEDULED, SlaRule.RECOMPUTED)],
            State.RUNNING,
        ),
        ([TICKET, CLEARED], [STARTED, (sla.CANCELLED, SlaRule.CLEARED)], State.NONE),
        ([TICKET, RESOLVED], [STARTED, (sla.MET, SlaRule.FINISHED)], State.MET),
        (
            [TICKET, replace(RESOLVED, resolved_at=NOON + 5 * HOUR)],
            [STARTED, (sla.MISSED, SlaRule.FINISHED)],
            State.MISSED,
        ),
        ([TICKET, replace(RESOLVED, resolved_at=TICKET.due_at)], [STARTED, (sla.MET, SlaRule.FINISHED)], State.MET),
        (
            [TICKET, RESOLVED, TICKET],
            [STARTED, (sla.MET, SlaRule.FINISHED), (sla.SCHEDULED, SlaRule.REOPENED)],
            State.RUNNING,
        ),
        ([TICKET, RESOLVED, replace(RESOLVED, due_at=NOON)], [STARTED, (sla.MET, SlaRule.FINISHED)], State.MET),
        ([TICKET, DELETED], [STARTED, (sla.CANCELLED, SlaRule.DELETED)], State.CANCELLED),
        (
            [TICKET, DELETED, TICKET],
            [STARTED, (sla.CANCELLED, SlaRule.DELETED), (sla.SCHEDULED, SlaRule.RESTORED)],
            State.RUNNING,
        ),
        (
            [TICKET, replace(RESOLVED, due_at=NOON + 8 * HOUR, sla_source=SlaSource.MANUAL)],
            [STARTED, (sla.RESCHEDULED, SlaRule.MANUAL), (sla.MET, SlaRule.FINISHED)],
            State.MET,
        ),
    ],
)
def test_every_story_of_a_due_time(tickets: list[TicketState], notified: list[tuple[str, SlaRule]], state: State):
    deadline, found = story(*tickets)
    assert (found, deadline.state) == (notified, state)
    assert (deadline.next_step is None) == (state is not State.RUNNING)


LATE = {"updated_at": NOON + 5 * HOUR}  # an hour after the due time
UNNOTICED = (sla.MISSED, SlaRule.DUE_TIME_PASSED, True)


class TestChangedBeforeNoticed:
    """The due time passed while no monitor looked, and then the ticket was changed: the cycle ends as missed, once."""

    def notified(self, before: Deadline, ticket: TicketState) -> tuple[list[tuple[str, SlaRule, bool]], State]:
        after, entries = follow(before, replace(ticket, version=before.version + 1))
        return [(entry.event_type, entry.rule, entry.unnoticed) for entry in entries], after.state

    @pytest.mark.parametrize(
        ("ticket", "notified", "state"),
        [
            (MOVED, [UNNOTICED, (sla.RESCHEDULED, SlaRule.MANUAL, False)], State.RUNNING),
            (CLEARED, [UNNOTICED], State.NONE),
            (DELETED, [UNNOTICED], State.CANCELLED),
            (
                replace(RESOLVED, resolved_at=NOON + 5 * HOUR),
                [(sla.MISSED, SlaRule.FINISHED, True)],
                State.MISSED,
            ),
            (
                replace(RESOLVED, resolved_at=NOON + 5 * HOUR, due_at=NOON + 8 * HOUR),
                [UNNOTICED, (sla.RESCHEDULED, SlaRule.RECOMPUTED, False), (sla.MET, SlaRule.FINISHED, False)],
                State.MET,
            ),
            (replace(TICKET, priority=Priority.URGENT), [], State.RUNNING),
        ],
        ids=["moved", "cleared", "deleted", "resolved", "moved and resolved", "something else"],
    )
    def test_whatever_the_change_is(self, ticket: TicketState, notified: list[object], state: State):
        running, _ = story(TICKET)
        assert self.notified(running, replace(ticket, **LATE)) == (notified, state)

    @pytest.mark.parametrize(
        ("ticket", "notified"),
        [
            (MOVED, [(sla.RESCHEDULED, SlaRule.MANUAL, False)]),
            (CLEARED, [(sla.CANCELLED, SlaRule.CLEARED, False)]),
            (DELETED, [(sla.CANCELLED, SlaRule.DELETED, False)]),
            (replace(RESOLVED, resolved_at=NOON + 5 * HOUR), [(sla.MISSED, SlaRule.FINISHED, False)]),
        ],
    )
    def test_a_breach_that_was_told_is_not_told_again_as_a_miss(self, ticket: TicketState, notified: list[object]):
        running, _ = story(TICKET)
        noticed = replace(running, next_step=None, next_at=None)
        assert self.notified(noticed, replace(ticket, **LATE))[0] == notified

    @pytest.mark.parametrize("at", [NOON + HOUR, TICKET.due_at])
    def test_a_change_in_time_is_no_miss(self, at: datetime):
        running, _ = story(TICKET)
        for ticket in (MOVED, CLEARED, DELETED):
            assert sla.MISSED not in [
                notified[0] for notified in self.notified(running, replace(ticket, updated_at=at))[0]
            ]

    def test_after_a_gap_nobody_knows_when_it_was_moved(self):
        running, _ = story(TICKET)
        _, entries = follow(running, replace(MOVED, version=running.version + 2, **LATE))
        assert [entry.event_type for entry in entries] == [sla.RESCHEDULED]

    def test_a_ticket_that_comes_back_after_its_deletion_is_restored(self):
        running, _ = story(TICKET)
        deleted, _ = follow(running, replace(DELETED, version=2, **LATE))
        _, (entry,) = follow(deleted, replace(TICKET, version=3, **LATE))
        assert (entry.event_type, entry.rule) == (sla.SCHEDULED, SlaRule.RESTORED)


@st.composite
def histories(draw: st.DrawFn) -> list[TicketState]:
    """Versions of one ticket, an hour apart, as its owner lets them follow one another."""
    tickets: list[TicketState] = [TICKET]
    for version in range(2, draw(st.integers(2, 9)) + 1):
        last, now = tickets[-1], NOON + version * HOUR
        status = draw(st.sampled_from([Status.OPEN, Status.RESOLVED]))
        finished = status is Status.RESOLVED
        due = last.due_at
        if last.status is Status.OPEN or not finished:  # the due time of a finished ticket stays
            due = draw(st.sampled_from([due, None, NOON, NOON + 4 * HOUR, NOON + 99 * HOUR]))
        resolved_at = (last.resolved_at or now) if finished else None
        tickets.append(
            replace(last, version=version, updated_at=now, status=status, due_at=due, resolved_at=resolved_at)
        )
    return tickets


@given(histories(), st.data())
def test_what_was_told_last_is_the_outcome_of_a_finished_ticket(tickets: list[TicketState], data: st.DataObject):
    """Also when versions in between were never seen."""
    seen = [tickets[0], *(ticket for ticket in tickets[1:-1] if data.draw(st.booleans())), tickets[-1]]
    deadline, notified = NEW, []
    for ticket in seen:
        deadline, entries = follow(deadline, ticket)
        notified += [entry.event_type for entry in entries if entry.event_type in {sla.MET, sla.MISSED}]
    last = tickets[-1]
    if last.status is Status.RESOLVED and last.due_at is not None and last.resolved_at is not None:
        outcome = State.MET if last.resolved_at <= last.due_at else State.MISSED
        assert (deadline.state, notified[-1]) == (outcome, f"sla.{outcome}")


def test_a_change_of_something_else_leaves_the_next_step_as_it_is():
    deadline, _ = story(TICKET)
    waiting = replace(deadline, next_step=Step.BREACH, next_at=NOON, tries=3)
    after, entries = follow(waiting, replace(TICKET, version=2, number=1, assignee_id=UUID(int=9)))
    assert not entries
    assert after == replace(waiting, version=2, assignee_id=UUID(int=9))


def test_the_breach_waits_a_moment_for_those_who_resolve_in_time():
    deadline, _ = story(replace(TICKET, due_at=NOON + 10 * MINUTE))
    assert (deadline.next_step, deadline.next_at) == (Step.BREACH, NOON + 10 * MINUTE + BREACH_GRACE)


class TestWarning:
    @pytest.mark.parametrize(
        ("window", "wanted"),
        [
            (29 * MINUTE, None),
            (30 * MINUTE, 15 * MINUTE),
            (60 * MINUTE, 45 * MINUTE),
            (75 * MINUTE, 60 * MINUTE),
            (100 * MINUTE, 80 * MINUTE),
            (10 * HOUR, 8 * HOUR),
        ],
    )
    def test_it_comes_at_four_fifths_but_a_quarter_of_an_hour_before(self, window, wanted):
        found = warning_at(created_at=NOON, due_at=NOON + window, since=NOON)
        assert found == (None if wanted is None else NOON + wanted)

    def test_a_due_time_set_late_is_warned_of_at_once_or_not_at_all(self):
        due = NOON + 10 * HOUR
        assert warning_at(created_at=NOON, due_at=due, since=due - HOUR) == due - HOUR
        assert warning_at(created_at=NOON, due_at=due, since=due - 14 * MINUTE) is None
