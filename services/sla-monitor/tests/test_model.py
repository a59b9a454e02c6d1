"""When a timer starts, moves, stops and warns."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from opsdash_contracts import sla
from opsdash_contracts.sla import SlaRule
from opsdash_contracts.tickets import Priority, SlaSource, Status
from opsdash_sla_monitor.model import BREACH_GRACE, Deadline, State, Step, TicketState, follow, unknown, warning_at

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TICKET = TicketState(
    org_id=UUID(int=1), ticket_id=UUID(int=2), number=1, version=1, status=Status.OPEN, priority=Priority.MEDIUM,
    assignee_id=None, created_by=UUID(int=3), created_at=NOON, updated_at=NOON, due_at=NOON + 4 * HOUR,
    sla_source=SlaSource.AUTO, resolved_at=None, deleted=False,
)  # fmt: skip
NEW = unknown(TICKET)


def story(*tickets: TicketState) -> tuple[Deadline, list[tuple[str, SlaRule]]]:
    """The deadline after these versions, and every entry on the way."""
    deadline, told = NEW, []
    for version, ticket in enumerate(tickets, start=1):
        deadline, entries = follow(deadline, replace(ticket, version=version))
        told += [(entry.event_type, entry.rule) for entry in entries]
    return deadline, told


RESOLVED = replace(TICKET, status=Status.RESOLVED, resolved_at=NOON + HOUR)
DELETED = replace(TICKET, deleted=True)
MOVED = replace(TICKET, due_at=NOON + 8 * HOUR, sla_source=SlaSource.MANUAL)
CLEARED = replace(TICKET, due_at=None, sla_source=SlaSource.MANUAL)
STARTED = (sla.SCHEDULED, SlaRule.PRIORITY)


@pytest.mark.parametrize(
    ("tickets", "told", "state"),
    [
        ([TICKET], [STARTED], State.RUNNING),
        ([MOVED], [(sla.SCHEDULED, SlaRule.MANUAL)], State.RUNNING),
        ([RESOLVED], [], State.NONE),
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
def test_every_story_of_a_due_time(tickets: list[TicketState], told: list[tuple[str, SlaRule]], state: State):
    deadline, found = story(*tickets)
    assert (found, deadline.state) == (told, state)
    assert (deadline.next_step is None) == (state is not State.RUNNING)


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
