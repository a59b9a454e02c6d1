"""Pauses between tries."""

from opsdash_chassis.backoff import Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(0.5, 3.0, lasted=60.0)
    assert [backoff.after(1.0) for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_a_try_that_lasted_begins_them_anew() -> None:
    backoff = Backoff(0.5, 3.0, lasted=60.0)
    backoff.after(1.0)
    backoff.after(1.0)
    assert [backoff.after(60.1), backoff.after(60.0)] == [0.5, 1.0]
