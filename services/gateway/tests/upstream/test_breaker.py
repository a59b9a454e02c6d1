"""The circuit breaker, on a clock of its own."""

from __future__ import annotations

import pytest
from opsdash_gateway.upstream.circuit_breaker import Breaker, CircuitOpen
from opsdash_http.errors.problems import Problem
from structlog.testing import capture_logs


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("tickets", failures=3, pause_seconds=1.0, clock=clock)


def fail(breaker: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(TimeoutError), breaker.call():
            raise TimeoutError


def succeed(breaker: Breaker) -> None:
    with breaker.call():
        pass


class TestClosed:
    def test_stays_closed_while_failures_are_not_in_a_row(self, breaker: Breaker) -> None:
        for _ in range(5):
            fail(breaker, 2)
            succeed(breaker)
        assert not breaker.is_open

    def test_an_owner_that_answered_a_moment_ago_is_busy_and_not_given_up(self, breaker: Breaker, clock: Clock) -> None:
        succeed(breaker)
        fail(breaker, 10)
        assert not breaker.is_open
        clock.now += 1.0
        fail(breaker)
        assert breaker.is_open

    def test_an_answer_that_cannot_be_used_is_an_answer(self, breaker: Breaker) -> None:
        fail(breaker, 2)
        with pytest.raises(Problem), breaker.call():
            raise Problem("bad-upstream", "Bad gateway", 502)
        fail(breaker, 2)
        assert not breaker.is_open

    def test_a_call_that_was_given_up_says_nothing(self, breaker: Breaker) -> None:
        fail(breaker, 2)
        with pytest.raises(KeyboardInterrupt), breaker.call():
            raise KeyboardInterrupt
        fail(breaker)
        assert breaker.is_open


class TestOpen:
    def test_nothing_is_tried(self, breaker: Breaker) -> None:
        fail(breaker, 3)
        with pytest.raises(CircuitOpen), breaker.call():
            raise AssertionError

    def test_after_the_pause_one_call_tries_and_the_others_do_not(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += 1.0
        with breaker.call(), pytest.raises(CircuitOpen), breaker.call():
            raise AssertionError

    def test_its_success_closes(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += 1.0
        succeed(breaker)
        assert not breaker.is_open
        succeed(breaker)

    def test_its_failure_starts_the_next_pause(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += 1.0
        fail(breaker)
        clock.now += 0.5
        with pytest.raises(CircuitOpen), breaker.call():
            raise AssertionError
        clock.now += 0.5
        succeed(breaker)
        assert not breaker.is_open

    def test_a_try_that_was_given_up_is_followed_by_another(self, breaker: Breaker, clock: Clock) -> None:
        fail(breaker, 3)
        clock.now += 1.0
        with pytest.raises(KeyboardInterrupt), breaker.call():
            raise KeyboardInterrupt
        clock.now += 1.0
        succeed(breaker)
        assert not breaker.is_open


class TestLog:
    def test_a_circuit_that_opens_and_one_that_closes_are_a_line_each_with_the_service(
        self, breaker: Breaker, clock: Clock
    ) -> None:
        with capture_logs() as lines:
            fail(breaker, 3)
            for _ in range(10):
                with pytest.raises(CircuitOpen, match="the circuit of tickets is open"), breaker.call():
                    pass
            clock.now += 5
            succeed(breaker)
            succeed(breaker)
        assert [(line["event"], line["dependency"]) for line in lines] == [
            ("dependency_away", "tickets"), ("dependency_back", "tickets"),
        ]  # fmt: skip
        assert lines[1]["away_seconds"] == 5
