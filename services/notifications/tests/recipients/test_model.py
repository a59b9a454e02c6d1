"""Who is told of what: the table, and what holds for every occasion."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opsdash_contracts.notices import Reason, Why
from opsdash_contracts.workspace import Role
from opsdash_notifications.recipients.model import GROUPS, Audience, Decision, Occasion, decide, missing

OWNER, ADMIN, MEMBER, OTHER, VIEWER, GONE = (UUID(int=number) for number in range(1, 7))
MEMBERS = {OWNER: Role.OWNER, ADMIN: Role.ADMIN, MEMBER: Role.MEMBER, OTHER: Role.MEMBER, VIEWER: Role.VIEWER}
PEOPLE = [*MEMBERS, GONE]
WATCHED = Audience(MEMBERS, watching=frozenset({OTHER, VIEWER}))


def told(occasion: Occasion, audience: Audience = WATCHED) -> dict[UUID, tuple[Reason, bool]]:
    return {one.user_id: (one.reason, one.mail) for one in decide(occasion, audience) if one.is_notified}


class TestTable:
    @pytest.mark.parametrize(
        ("reason", "assignee", "expected"),
        [
            (Reason.ASSIGNED, MEMBER, {MEMBER: True}),
            (Reason.ASSIGNED, None, {}),
            (Reason.MENTIONED, MEMBER, {OTHER: True, VIEWER: True}),
            (Reason.COMMENTED, MEMBER, {OTHER: True, VIEWER: True}),
            (Reason.STATUS_CHANGED, MEMBER, {OTHER: True, VIEWER: True}),
            (Reason.REOPENED, MEMBER, {MEMBER: True}),
            (Reason.REOPENED, None, {OWNER: True, ADMIN: True}),
            (Reason.SLA_WARNING, MEMBER, {MEMBER: True, OTHER: False, VIEWER: False}),
            (Reason.SLA_BREACHED, MEMBER, {MEMBER: True, OTHER: False, VIEWER: False}),
            (Reason.SLA_BREACHED, None, {OWNER: True, ADMIN: True, OTHER: False, VIEWER: False}),
            (Reason.SLA_BREACHED, GONE, {OWNER: True, ADMIN: True, OTHER: False, VIEWER: False}),
            (Reason.SLA_ESCALATED, MEMBER, {OWNER: True, ADMIN: True}),
            (Reason.REMINDER, MEMBER, {OTHER: True, VIEWER: True}),
            (Reason.USAGE, None, {OWNER: True, ADMIN: True}),
            (Reason.WEBHOOK_DISABLED, None, {OWNER: True, ADMIN: True}),
            (Reason.CHANNEL_DISABLED, None, {OWNER: True, ADMIN: True}),
        ],
    )
    def test_each_reason_reaches_whom_it_concerns_and_by_mail_or_not(
        self, reason: Reason, assignee: UUID | None, expected: dict[UUID, bool]
    ):
        occasion = Occasion((reason,), assignee_id=assignee, named=(OTHER, VIEWER))
        assert told(occasion) == {user: (reason, mail) for user, mail in expected.items()}

    def test_every_reason_has_its_people(self):
        assert GROUPS.keys() == set(Reason)


class TestNotTold:
    def test_who_did_it_is_not(self):
        assert told(Occasion((Reason.COMMENTED,), actor_id=OTHER)) == {VIEWER: (Reason.COMMENTED, True)}
        assert decide(Occasion((Reason.ASSIGNED,), actor_id=MEMBER, assignee_id=MEMBER), WATCHED) == []
        assert decide(Occasion((Reason.REOPENED,), actor_id=MEMBER, assignee_id=MEMBER), WATCHED) == []

    def test_who_muted_the_ticket_is_not_even_when_mentioned_and_the_ledger_says_so(self):
        muting = Audience(MEMBERS, muted=frozenset({OTHER}))
        assert decide(Occasion((Reason.MENTIONED,), named=(OTHER,)), muting) == [
            Decision(OTHER, Reason.MENTIONED, mail=True, why=Why.MUTED)
        ]

    def test_who_muted_it_is_told_what_they_asked_for_themselves(self):
        muting = Audience(MEMBERS, muted=frozenset({OTHER}))
        assert told(Occasion((Reason.REMINDER,), named=(OTHER,)), muting) == {OTHER: (Reason.REMINDER, True)}

    def test_a_reminder_of_somebody_who_left_is_dropped_without_a_word(self):
        assert decide(Occasion((Reason.REMINDER,), named=(GONE,)), Audience(MEMBERS)) == []

    def test_a_reminder_waits_for_nobody(self):
        unknown = Audience(MEMBERS, watching=frozenset({GONE}))
        assert missing(Occasion((Reason.MENTIONED,), named=(GONE,)), unknown, UUID(int=9)) == {GONE}
        assert missing(Occasion((Reason.REMINDER,), named=(GONE,)), unknown, UUID(int=9)) == set()

    def test_who_left_is_not_and_the_ledger_says_so_of_those_meant_by_name(self):
        watched = Audience(MEMBERS, watching=frozenset({GONE}))
        assert decide(Occasion((Reason.COMMENTED,)), watched) == []
        assert decide(Occasion((Reason.MENTIONED, Reason.COMMENTED), named=(GONE,)), watched) == [
            Decision(GONE, Reason.MENTIONED, mail=True, why=Why.NOT_A_MEMBER)
        ]

    def test_a_viewer_hears_only_of_what_they_watch_or_are_mentioned_in(self):
        assert decide(Occasion((Reason.ASSIGNED,), assignee_id=VIEWER), Audience(MEMBERS)) == []
        assert told(Occasion((Reason.SLA_BREACHED,), assignee_id=VIEWER), Audience(MEMBERS)) == {}

    def test_nobody_is_in_an_org_without_support(self):
        for reason in Reason:
            occasion = Occasion((reason,), assignee_id=MEMBER, named=(OTHER,))
            assert decide(occasion, Audience(MEMBERS, watching={OTHER}, has_support=False)) == []


def test_of_several_reasons_the_first_counts():
    occasion = Occasion((Reason.MENTIONED, Reason.COMMENTED), named=(OTHER,))
    assert told(occasion) == {OTHER: (Reason.MENTIONED, True), VIEWER: (Reason.COMMENTED, True)}


occasions = st.builds(
    Occasion,
    st.lists(st.sampled_from(Reason), unique=True, max_size=4).map(tuple),
    actor_id=st.none() | st.sampled_from(PEOPLE),
    assignee_id=st.none() | st.sampled_from(PEOPLE),
    named=st.lists(st.sampled_from(PEOPLE), max_size=4).map(tuple),
)
audiences = st.builds(
    Audience,
    st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(Role)),
    watching=st.frozensets(st.sampled_from(PEOPLE)),
    muted=st.frozensets(st.sampled_from(PEOPLE)),
    has_support=st.booleans(),
)


class TestWhateverHappens:
    @given(occasions, audiences)
    def test_only_members_are_told_who_did_not_do_it_and_did_not_mute_it_once_each(
        self, occasion: Occasion, audience: Audience
    ):
        decisions = decide(occasion, audience)
        people = [decision.user_id for decision in decisions]
        assert people == sorted(set(people))
        for decision in decisions:
            assert audience.has_support
            assert decision.user_id != occasion.actor_id
            assert decision.reason in occasion.reasons
            if decision.is_notified:
                assert decision.user_id in audience.members
                assert decision.user_id not in audience.muted or decision.reason is Reason.REMINDER

    @given(occasions, audiences)
    def test_a_viewer_who_is_notified_watches_or_is_named(self, occasion: Occasion, audience: Audience):
        for decision in decide(occasion, audience):
            if decision.is_notified and audience.members[decision.user_id] is Role.VIEWER:
                assert decision.user_id in {*audience.watching, *occasion.named}

    @given(occasions, audiences)
    def test_somebody_hears_of_a_breach_wherever_there_is_an_owner_who_did_not_mute_it(
        self, occasion: Occasion, audience: Audience
    ):
        members = {**audience.members, OWNER: Role.OWNER}
        breach = Occasion((Reason.SLA_BREACHED,), assignee_id=None, named=occasion.named)
        assert OWNER in told(breach, Audience(members, audience.watching))
