"""The rules of a ticket, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_contracts.ticket_rules import FINISHED
from opsdash_contracts.tickets import Category, Outcome, Priority, SlaSource, Status
from opsdash_tickets.errors import InvalidTransition, TicketFinished
from opsdash_tickets.tickets import due_times, model
from opsdash_tickets.tickets.due_times import SlaState
from opsdash_tickets.tickets.model import Ticket

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
CREATOR, AGENT = uuid4(), uuid4()


def a_ticket(**values: object) -> Ticket:
    fields = {
        "id": uuid4(), "org_id": uuid4(), "number": 1, "title": "t", "description": "", "status": Status.OPEN,
        "priority": Priority.MEDIUM, "category": Category.GENERAL, "assignee_id": None, "contact_id": None,
        "project_id": None, "sla_due_at": NOW + timedelta(hours=72), "sla_source": SlaSource.AUTO,
        "sla_outcome": None, "first_response_at": None, "resolved_at": None, "closed_at": None, "reopen_count": 0,
        "comment_count": 0, "created_by": CREATOR, "created_at": NOW, "updated_at": NOW, "deleted_at": None,
        "version": 1,
    }  # fmt: skip
    return Ticket(**(fields | values))


def moved(ticket: Ticket, status: Status, *, by: UUID = AGENT, at: datetime = NOW) -> Ticket:
    return model.patched(ticket, {"status": status}, actor_id=by, now=at)


class TestDueTime:
    @pytest.mark.parametrize(("priority", "hours"), [("urgent", 4), ("high", 24), ("medium", 72), ("low", 168)])
    def test_follows_the_priority(self, priority: str, hours: int):
        assert due_times.due_at(NOW, Priority(priority)) == NOW + timedelta(hours=hours)

    def test_changing_the_priority_never_moves_it(self):
        ticket = a_ticket()
        after = model.patched(ticket, {"priority": Priority.URGENT}, actor_id=AGENT, now=NOW)
        assert (after.sla_due_at, after.sla_source) == (ticket.sla_due_at, SlaSource.AUTO)

    @pytest.mark.parametrize("due", [None, NOW + timedelta(hours=1)])
    def test_editing_or_clearing_it_by_hand_makes_it_manual(self, due: datetime | None):
        after = model.patched(a_ticket(), {"sla_due_at": due}, actor_id=AGENT, now=NOW)
        assert (after.sla_due_at, after.sla_source) == (due, SlaSource.MANUAL)

    def test_sending_the_unchanged_value_changes_nothing(self):
        ticket = a_ticket()
        after = model.patched(ticket, {"sla_due_at": ticket.sla_due_at}, actor_id=AGENT, now=NOW)
        assert model.changes_between(ticket, after) == {}


class TestSlaState:
    @staticmethod
    def state(now: datetime, status: Status = Status.OPEN, finished: datetime | None = None) -> SlaState:
        return due_times.sla_state(
            status=status, due=NOW + timedelta(hours=10), outcome=None, created_at=NOW, finished_at=finished, now=now
        )

    def test_is_none_without_a_due_time(self):
        assert (
            due_times.sla_state(status=Status.OPEN, due=None, outcome=None, created_at=NOW, finished_at=None, now=NOW)
            == "none"
        )

    def test_turns_at_risk_when_four_fifths_of_the_window_are_gone(self):
        assert self.state(NOW + timedelta(hours=7, minutes=59)) == "on_track"
        assert self.state(NOW + timedelta(hours=8)) == "at_risk"

    def test_exactly_due_is_not_a_breach(self):
        assert self.state(NOW + timedelta(hours=10)) == "at_risk"
        assert self.state(NOW + timedelta(hours=10, microseconds=1)) == "breached"

    @pytest.mark.parametrize("status", sorted(FINISHED))
    def test_finished_tickets_met_or_missed_it_for_ever(self, status: Status):
        long_after = NOW + timedelta(days=400)
        assert self.state(long_after, status, NOW + timedelta(hours=10)) == "met"
        assert self.state(long_after, status, NOW + timedelta(hours=10, seconds=1)) == "missed"

    @pytest.mark.parametrize("outcome", Outcome)
    @pytest.mark.parametrize("due", [None, NOW, NOW + timedelta(days=30)])
    def test_what_was_stored_when_it_was_finished_counts(self, outcome: Outcome, due: datetime | None):
        state = due_times.sla_state(
            status=Status.CLOSED, due=due, outcome=outcome, created_at=NOW, finished_at=NOW, now=NOW
        )
        assert state == outcome.value


class TestOutcome:
    DUE = NOW + timedelta(hours=72)

    @pytest.mark.parametrize("status", sorted(FINISHED))
    @pytest.mark.parametrize(
        ("due", "at", "outcome"),
        [
            (DUE, DUE - timedelta(microseconds=1), "met"),
            (DUE, DUE, "met"),
            (DUE, DUE + timedelta(microseconds=1), "missed"),
            (None, DUE, "none"),
        ],
    )
    def test_is_stored_when_the_ticket_is_finished(
        self, status: Status, due: datetime | None, at: datetime, outcome: str
    ):
        assert moved(a_ticket(sla_due_at=due), status, at=at).sla_outcome == outcome

    def test_stays_when_a_resolved_ticket_is_closed(self):
        resolved = moved(a_ticket(), Status.RESOLVED, at=self.DUE)
        assert moved(resolved, Status.CLOSED, at=self.DUE + timedelta(days=1)).sla_outcome == "met"

    def test_goes_when_the_ticket_is_opened_again_and_is_judged_anew(self):
        late = self.DUE + timedelta(days=1)
        opened = moved(moved(a_ticket(), Status.RESOLVED), Status.OPEN)
        assert opened.sla_outcome is None
        assert moved(opened, Status.RESOLVED, at=late).sla_outcome == "missed"

    @pytest.mark.parametrize("before", sorted(FINISHED))
    @pytest.mark.parametrize("fields", [{}, {"status": Status.CLOSED}, {"priority": Priority.URGENT, "title": "x"}])
    @pytest.mark.parametrize("due", [None, NOW + timedelta(days=30)])
    def test_keeps_the_due_time_from_being_moved_or_cleared(
        self, before: Status, fields: dict[str, object], due: datetime | None
    ):
        finished = moved(a_ticket(), before, at=self.DUE + timedelta(hours=1))
        with pytest.raises(TicketFinished):
            model.patched(finished, {**fields, "sla_due_at": due}, actor_id=AGENT, now=NOW)

    def test_lets_the_unchanged_due_time_be_sent(self):
        finished = moved(a_ticket(), Status.CLOSED)
        again = model.patched(finished, {"sla_due_at": self.DUE, "title": "x"}, actor_id=AGENT, now=NOW)
        assert (again.title, again.sla_due_at, again.sla_source) == ("x", self.DUE, SlaSource.AUTO)

    def test_does_not_hold_a_due_time_that_comes_with_the_opening(self):
        finished = moved(a_ticket(), Status.CLOSED)
        fields = {"status": Status.OPEN, "sla_due_at": NOW + timedelta(days=30)}
        opened = model.patched(finished, fields, actor_id=AGENT, now=NOW)
        assert (opened.sla_due_at, opened.sla_outcome) == (NOW + timedelta(days=30), None)

    def test_is_that_of_the_due_time_that_comes_with_the_finishing(self):
        fields = {"status": Status.RESOLVED, "sla_due_at": None}
        assert model.patched(a_ticket(), fields, actor_id=AGENT, now=NOW).sla_outcome == "none"


class TestStatus:
    ALLOWED: ClassVar = {
        "open": {"in_progress", "waiting", "resolved", "closed"},
        "in_progress": {"open", "waiting", "resolved", "closed"},
        "waiting": {"open", "in_progress", "resolved", "closed"},
        "resolved": {"open", "closed"},
        "closed": {"open"},
    }

    @pytest.mark.parametrize("before", Status)
    @pytest.mark.parametrize("after", Status)
    def test_moves_only_along_the_table(self, before: Status, after: Status):
        ticket = a_ticket(status=before)
        if after == before:
            assert moved(ticket, after) == ticket
        elif after in self.ALLOWED[before]:
            assert moved(ticket, after).status is after
        else:
            with pytest.raises(InvalidTransition) as refused:
                moved(ticket, after)
            assert set(refused.value.allowed) == self.ALLOWED[before]

    def test_resolving_and_closing_stamp_their_times(self):
        later = NOW + timedelta(hours=1)
        resolved = moved(a_ticket(), Status.RESOLVED)
        assert (resolved.resolved_at, resolved.closed_at) == (NOW, None)
        closed = moved(resolved, Status.CLOSED, at=later)
        assert (closed.resolved_at, closed.closed_at) == (NOW, later)

    @pytest.mark.parametrize("status", sorted(FINISHED))
    def test_reopening_clears_the_stamps_and_is_counted(self, status: Status):
        reopened = moved(moved(a_ticket(), status), Status.OPEN)
        assert (reopened.resolved_at, reopened.closed_at, reopened.reopen_count) == (None, None, 1)

    def test_a_ticket_created_as_closed_is_stamped_at_once(self):
        due = NOW + timedelta(hours=4)
        finished = {"resolved_at": NOW, "sla_outcome": "met"}
        assert model.stamps_at_creation(Status.CLOSED, due, NOW) == {**finished, "closed_at": NOW}
        assert model.stamps_at_creation(Status.RESOLVED, due, NOW) == {**finished, "closed_at": None}
        assert set(model.stamps_at_creation(Status.WAITING, due, NOW).values()) == {None}


class TestFirstResponse:
    def test_somebody_else_taking_it_up_stamps_it_once(self):
        taken = moved(a_ticket(), Status.IN_PROGRESS)
        assert taken.first_response_at == NOW
        again = moved(moved(taken, Status.OPEN), Status.IN_PROGRESS, at=NOW + timedelta(hours=1))
        assert again.first_response_at == NOW

    def test_the_creator_taking_it_up_is_no_response(self):
        assert moved(a_ticket(), Status.IN_PROGRESS, by=CREATOR).first_response_at is None


fields = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["a", "b"]),
        "status": st.sampled_from(Status),
        "priority": st.sampled_from(Priority),
        "assignee_id": st.sampled_from([None, AGENT]),
        "sla_due_at": st.sampled_from([None, NOW + timedelta(hours=1), NOW + timedelta(hours=72)]),
    },
)


@given(patches=st.lists(fields, max_size=8))
def test_changes_always_lead_from_the_old_ticket_to_the_new_one(patches: list[dict[str, object]]):
    ticket = a_ticket()
    for patch in patches:
        try:
            after = model.patched(ticket, patch, actor_id=AGENT, now=NOW)
        except (InvalidTransition, TicketFinished):
            continue
        changes = model.changes_between(ticket, after)
        assert replace(ticket, **{name: change.after for name, change in changes.items()}) == after
        assert all(change.before != change.after for change in changes.values())
        assert (after.resolved_at is not None) == (after.status in FINISHED)
        finished = after.status in FINISHED
        assert after.sla_outcome == (due_times.judged(after.sla_due_at, after.resolved_at) if finished else None)
        ticket = after
