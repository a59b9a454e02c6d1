"""What a replica knows of ended sessions: which it refuses, how much it keeps, and when it is ready."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.sessions import Ended, SessionEnded
from opsdash_contracts.topics import SESSIONS
from opsdash_gateway.console.auth.ended_sessions import register as registers
from opsdash_gateway.console.auth.ended_sessions.endings import SIGN_OUTS, Endings
from opsdash_gateway.console.auth.ended_sessions.marks import SESSION_SECONDS, SessionMarks
from opsdash_gateway.console.auth.ended_sessions.register import KEPT_SECONDS, EndedSessions
from opsdash_gateway.publishing.publisher import Publisher

from services.gateway.tests.conftest import make_settings
from services.gateway.tests.sign_in import MARKS, SESSION, USER, signed_in

NOW = 1_780_000_000.0


def ended(ended_id: UUID, what: Ended = Ended.SESSION, at: float = NOW) -> SessionEnded:
    return SessionEnded(ended_id=ended_id, what=what, ended_at=datetime.fromtimestamp(at, UTC))


class Clock:
    """A time that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def register(clock: Clock) -> EndedSessions:
    """Of a process that has read everything."""
    made = EndedSessions(clock=clock)
    made.caught_up()
    return made


def marks(issued_at: float = NOW - 60) -> SessionMarks:
    return SessionMarks(uuid4(), uuid4(), issued_at, uuid4())


class TestRegister:
    def test_a_session_ends_by_its_own_id_its_providers_or_its_persons(self, register: EndedSessions) -> None:
        assert not register.is_over(marks(), NOW)
        for name, what in (
            ("own", Ended.SESSION),
            ("provider_session", Ended.PROVIDER_SESSION),
            ("person", Ended.PERSON),
        ):
            session = marks()
            assert register.learn(ended(getattr(session, name), what))
            assert register.is_over(session, NOW)

    def test_a_persons_later_session_goes_on(self, register: EndedSessions) -> None:
        before = marks(issued_at=NOW - 1)
        after = SessionMarks(uuid4(), before.person, NOW + 1)
        register.learn(ended(before.person, Ended.PERSON))
        assert register.is_over(before, NOW)
        assert not register.is_over(after, NOW)

    def test_the_last_end_of_a_person_counts_whatever_the_order(self, register: EndedSessions) -> None:
        session = marks(issued_at=NOW - 60)
        assert register.learn(ended(session.person, Ended.PERSON, NOW - 30))
        assert not register.learn(ended(session.person, Ended.PERSON, NOW - 90))
        assert register.is_over(session, NOW)

    def test_it_is_kept_as_long_as_a_session_can_last(self, register: EndedSessions, clock: Clock) -> None:
        session = marks()
        register.learn(ended(session.own))
        clock.now += SESSION_SECONDS
        register.learn(ended(uuid4(), at=clock.now))
        assert register.is_over(session, NOW)
        clock.now += KEPT_SECONDS - SESSION_SECONDS + 1
        register.learn(ended(uuid4(), at=clock.now))
        assert not register.is_over(session, NOW)
        assert not register.learn(ended(session.own)), "too old to matter"

    def test_what_it_has_no_room_for_ends_more_rather_than_less(self, clock: Clock) -> None:
        small = EndedSessions(clock=clock, maximum=2)
        small.caught_up()
        first, bystander, young = marks(), marks(), marks()
        for turn in range(3):
            small.learn(ended(first.own if turn == 0 else uuid4(), at=NOW + turn))
        assert small.is_over(first, NOW - 10)
        assert small.is_over(bystander, NOW - 10), "as old as what was dropped"
        assert not small.is_over(young, NOW + 1)

    def test_reading_all_of_it_again_changes_nothing(self, clock: Clock) -> None:
        small = EndedSessions(clock=clock, maximum=3)
        small.caught_up()
        records = [ended(uuid4(), at=NOW + turn) for turn in range(5)]
        assert [small.learn(record) for record in records] == [True] * 5
        assert [small.learn(record) for record in records] == [False] * 5
        assert not small.is_over(marks(), NOW + 1.5), "only what is as old as the two that were dropped"

    def test_before_it_has_read_only_sessions_begun_since_are_good(self, clock: Clock) -> None:
        fresh = EndedSessions(clock=clock)
        assert fresh.is_over(marks(), NOW - 1)
        assert not fresh.is_over(marks(), NOW + 1)
        fresh.caught_up()
        assert not fresh.is_over(marks(), NOW - 1)

    def test_the_default_bound_holds(self) -> None:
        assert registers.MAXIMUM_ENTRIES == 100_000


class TestReadiness:
    async def test_a_process_that_has_not_read_yet_is_not_ready(self, tmp_path: Path) -> None:
        settings = make_settings(tmp_path)
        assert Endings(settings, Publisher(settings, SESSIONS)).state() == (False, "reads which sessions have ended")


class Told(Publisher):
    """Keeps what it is given to publish."""

    def __init__(self, settings: Any) -> None:
        super().__init__(settings, SESSIONS)
        self.events: list[Any] = []

    async def publish(self, events: Any, deadline_seconds: float = 1.0) -> None:
        self.events += [event.data for event in events]


class TestSigningOutAgainAndAgain:
    async def test_takes_a_bounded_part_of_every_register_and_ends_each_session(self, tmp_path: Path) -> None:
        told = Told(settings := make_settings(tmp_path))
        endings, person, began = Endings(settings, told), uuid4(), time.time()
        endings.register.caught_up()
        for number in range(3 * SIGN_OUTS):
            session = SessionMarks(own=uuid4(), person=person, issued_at=began - 100 + number)
            assert not endings.register.is_over(session, began)
            assert await endings.end_session(session, USER)
            assert endings.register.is_over(session, began)
        assert [one.what for one in told.events[:SIGN_OUTS]] == [Ended.SESSION] * SIGN_OUTS
        assert {one.ended_id for one in told.events[SIGN_OUTS:]} == {person}
        later = SessionMarks(own=uuid4(), person=person, issued_at=began)
        assert not endings.register.is_over(later, began)


class TestSession:
    def test_an_ended_one_is_signed_out(self) -> None:
        known = EndedSessions()
        known.caught_up()
        page = signed_in(ended=known)
        assert page.get().status_code == 200
        known.learn(ended(MARKS.own, at=time.time()))
        assert page.get().status_code == 303

    def test_one_that_ends_while_its_token_is_renewed_is_signed_out(self) -> None:
        known = EndedSessions()
        known.caught_up()

        async def renew(old: Any) -> Any:
            known.learn(ended(MARKS.own, at=time.time()))
            return SESSION

        assert signed_in(ended=known, good=("good",), renew=renew).get().status_code == 200
        assert signed_in(ended=known, good=("fresh",), renew=renew).get().status_code == 303
