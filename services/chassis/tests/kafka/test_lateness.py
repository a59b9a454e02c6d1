"""How late a message is, whatever the clocks of sender and receiver say."""

from __future__ import annotations

from opsdash_chassis.kafka import lateness
from opsdash_chassis.kafka.lateness import Lateness


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_clocks_that_begin_elsewhere_do_not_matter():
    clock = Clock()
    late = Lateness(clock)
    assert late.of("a", 7.0) == 0
    assert late.of("b", 5_000_000.0) == 0
    clock.now += 1
    assert late.of("a", 8.0) == 0
    assert late.of("b", 5_000_001.0) == 0


def test_what_waited_while_this_process_was_frozen_is_late_by_as_long():
    clock = Clock()
    late = Lateness(clock)
    late.of("a", 0.0)
    clock.now += 60
    ages = [late.of("a", float(second)) for second in range(1, 61)]
    assert [round(age) for age in ages] == list(range(59, -1, -1))


def test_clocks_that_drift_apart_are_forgiven():
    clock = Clock()
    late = Lateness(clock)
    sent = 0.0
    ages = []
    for _ in range(10_000):
        clock.now += 1
        sent += 1 - 0.0005
        ages.append(late.of("a", sent))
    assert max(ages) < 0.0005 * 2 * lateness.WINDOW_SECONDS + 0.01


def test_a_clock_that_stood_still_is_forgiven():
    """Its machine was paused: every message since is behind by as long, and none of them is late."""
    clock = Clock()
    late = Lateness(clock)
    late.of("a", 0.0)
    clock.now += 60
    ages = []
    for second in range(1, 1 + 3 * int(lateness.WINDOW_SECONDS)):
        clock.now += 1
        ages.append(late.of("a", float(second)))
    assert (ages[0], ages[-1]) == (60, 0)


def test_remembers_those_it_has_heard_of_lately():
    late = Lateness(Clock())
    for sender in range(lateness.MAXIMUM_SENDERS + 5):
        late.of(sender, 0.0)
        late.of("busy", 0.0)
    assert len(late._senders) == lateness.MAXIMUM_SENDERS
    assert "busy" in late._senders
