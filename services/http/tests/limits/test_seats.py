"""So many at once for each key, and room again when one is given back."""

from __future__ import annotations

import pytest
from opsdash_http.errors.problems import Problem
from opsdash_http.limits.seats import Seats


def refused(seats: Seats, key: str) -> Problem:
    with pytest.raises(Problem) as refusal:
        seats.acquire(key)
    return refusal.value


def test_one_more_than_there_are_is_429_with_the_time_to_wait() -> None:
    seats = Seats(2, retry_after_seconds=7)
    seats.acquire("a")
    seats.acquire("a")
    problem = refused(seats, "a")
    assert (problem.status, problem.headers["Retry-After"]) == (429, "7")


def test_others_have_seats_of_their_own() -> None:
    seats = Seats(1, retry_after_seconds=1)
    seats.acquire("a")
    seats.acquire("b")
    assert seats.total == 2


def test_a_seat_that_is_given_back_can_be_taken() -> None:
    seats = Seats(1, retry_after_seconds=1)
    seats.acquire("a")()
    with seats.taken("a"):
        refused(seats, "a")
    with pytest.raises(ZeroDivisionError), seats.taken("a"):
        raise ZeroDivisionError
    assert seats.total == 0


def test_a_refusal_takes_none() -> None:
    seats = Seats(1, retry_after_seconds=1)
    release = seats.acquire("a")
    refused(seats, "a")
    release()
    assert seats.total == 0
