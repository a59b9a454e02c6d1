"""How long is waited for an org or a person whom the workspace feed has not told of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from opsdash_chassis.errors import ComesLater
from opsdash_contracts.notices import Reason
from opsdash_contracts.workspace import Role
from opsdash_notifications.recipients import arrivals
from opsdash_notifications.recipients.arrivals import GIVEN_UP_FOR, OLDEST, PATIENCE, Arrivals
from opsdash_notifications.recipients.model import Audience, Occasion, missing

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ORG, ADA, BOB, OWNER = uuid4(), uuid4(), uuid4(), uuid4()
SECOND = timedelta(seconds=1)


def waits(known: Arrivals, *people: UUID, now: datetime = NOW, at: datetime | None = None, org: UUID = ORG) -> bool:
    try:
        known.wait_for(org, people, at=at or now, now=now)
    except ComesLater:
        return True
    return False


def test_nobody_missing_is_no_reason_to_wait() -> None:
    assert not waits(Arrivals())


def test_it_waits_for_a_minute_from_the_first_time() -> None:
    known = Arrivals()
    assert waits(known, ADA)
    assert waits(known, ADA, now=NOW + PATIENCE - SECOND)
    assert not waits(known, ADA, now=NOW + PATIENCE)


def test_who_did_not_come_holds_up_nothing_more_for_a_while() -> None:
    known = Arrivals()
    waits(known, ADA)
    assert not any(waits(known, ADA, now=NOW + PATIENCE + number * SECOND) for number in range(600))
    assert waits(known, ADA, now=NOW + PATIENCE + GIVEN_UP_FOR)


def held(known: Arrivals, *people: UUID, now: datetime = NOW) -> timedelta:
    """How long an event waits that is tried again each second."""
    tries = 0
    while waits(known, *people, now=now + tries * SECOND):
        tries += 1
    return tries * SECOND


def test_the_minutes_of_several_people_run_together() -> None:
    assert held(Arrivals(), ADA, BOB, OWNER) == PATIENCE


def test_events_of_an_org_wait_for_a_minute_in_all() -> None:
    known, now = Arrivals(), NOW
    for _ in range(20):
        now += held(known, uuid4(), now=now)
    assert now - NOW == PATIENCE
    assert held(known, uuid4(), now=now + GIVEN_UP_FOR - 2 * SECOND) == timedelta()
    assert held(known, uuid4(), now=now + GIVEN_UP_FOR) == PATIENCE


def test_who_came_soon_leaves_the_minute_to_others() -> None:
    known = Arrivals()
    waits(known, ADA)
    waits(known, ADA, now=NOW + SECOND)
    assert held(known, BOB, now=NOW + 5 * PATIENCE) > PATIENCE / 2


def test_each_is_waited_for_by_themselves_and_in_each_org() -> None:
    known = Arrivals()
    waits(known, ADA)
    later = NOW + PATIENCE
    assert waits(known, ADA, BOB, now=later)
    assert not waits(known, ADA, now=later)
    assert waits(known, ADA, now=later, org=uuid4())


def test_old_events_never_wait() -> None:
    assert not waits(Arrivals(), ADA, at=NOW - OLDEST - SECOND)
    assert waits(Arrivals(), ADA, at=NOW - OLDEST), "this service was away when the org was new"


def test_it_remembers_no_more_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_REMEMBERED", 10)
    known = Arrivals()
    for _ in range(100):
        waits(known, uuid4(), org=uuid4())
    assert len(known._since) <= 11
    assert len(known._held) <= 11


class TestMissing:
    audience = Audience(members={OWNER: Role.OWNER}, known=frozenset({OWNER}))

    @pytest.mark.parametrize(
        ("occasion", "expected"),
        [
            (Occasion((Reason.MENTIONED,), named=(ADA, OWNER)), {ADA}),
            (Occasion((Reason.ASSIGNED,), assignee_id=ADA), {ADA}),
            (Occasion((Reason.ASSIGNED,), assignee_id=ADA, actor_id=ADA), set()),
            (Occasion((Reason.USAGE,)), set()),
        ],
    )
    def test_it_is_who_is_named_and_unknown(self, occasion: Occasion, expected: set[UUID]) -> None:
        assert missing(occasion, self.audience, ORG) == expected

    def test_who_has_left_is_known(self) -> None:
        audience = Audience(members={OWNER: Role.OWNER}, known=frozenset({OWNER, ADA}))
        assert missing(Occasion((Reason.MENTIONED,), named=(ADA,)), audience, ORG) == set()

    def test_who_watches_may_have_left_long_ago(self) -> None:
        audience = Audience(members={OWNER: Role.OWNER}, known=frozenset({OWNER}), watching=frozenset({ADA}))
        assert missing(Occasion((Reason.COMMENTED,), actor_id=BOB), audience, ORG) == set()

    @pytest.mark.parametrize("reason", [Reason.SLA_WARNING, Reason.SLA_BREACHED, Reason.REOPENED])
    def test_so_may_who_was_assigned_before(self, reason: Reason) -> None:
        assert missing(Occasion((reason,), assignee_id=ADA), self.audience, ORG) == set()

    @pytest.mark.parametrize("reason", [Reason.USAGE, Reason.SLA_BREACHED, Reason.REOPENED])
    def test_an_org_has_an_owner_who_may_be_missing(self, reason: Reason) -> None:
        audience = Audience(members={ADA: Role.MEMBER}, known=frozenset({ADA}))
        assert missing(Occasion((reason,)), audience, ORG) == {ORG}

    def test_but_not_where_the_assignee_is_told(self) -> None:
        audience = Audience(members={ADA: Role.MEMBER}, known=frozenset({ADA}))
        assert missing(Occasion((Reason.SLA_BREACHED,), assignee_id=ADA), audience, ORG) == set()
