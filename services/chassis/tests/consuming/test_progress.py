"""A consumer that waits for something outside is alive and not ready; one that makes no progress is not alive."""

from __future__ import annotations

import pytest
from opsdash_chassis.consuming import progress
from opsdash_chassis.consuming.progress import SHOWN_AFTER_SECONDS, STUCK_AFTER_SECONDS, ConsumerProgress
from opsdash_chassis.observability import metrics


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def consumer(clock: list[float]) -> ConsumerProgress:
    return ConsumerProgress("topic", last_moved=clock[0])


class TestLiveness:
    def test_an_idle_consumer_stays_alive_for_ever(self, consumer: ConsumerProgress, clock: list[float]):
        clock[0] += 100_000
        assert consumer.live()[0]

    def test_waiting_messages_that_do_not_move_are_fatal(self, consumer: ConsumerProgress, clock: list[float]):
        consumer.observe(assigned=True, lag=3)
        clock[0] += STUCK_AFTER_SECONDS + 1
        alive, why = consumer.live()
        assert not alive
        assert "3 messages wait" in why

    def test_messages_that_no_broker_hands_out_are_not(self, consumer: ConsumerProgress, clock: list[float]):
        consumer.observe(assigned=True, lag=3)
        for _ in range(5):
            clock[0] += STUCK_AFTER_SECONDS - 1
            consumer.excused()
            assert consumer.live()[0]

    def test_a_message_in_hand_that_never_ends_is_fatal(self, consumer: ConsumerProgress, clock: list[float]):
        consumer.started()
        clock[0] += STUCK_AFTER_SECONDS + 1
        assert not consumer.live()[0]

    def test_every_finished_message_counts_as_progress(self, consumer: ConsumerProgress, clock: list[float]):
        consumer.observe(assigned=True, lag=1000)
        for _ in range(10):
            clock[0] += STUCK_AFTER_SECONDS - 1
            consumer.started()
            consumer.finished()
            assert consumer.live()[0]

    def test_a_held_message_is_no_reason_to_restart(self, consumer: ConsumerProgress, clock: list[float]):
        consumer.observe(assigned=True, lag=5)
        consumer.hold("the database is away", partition=2, offset=41)
        clock[0] += STUCK_AFTER_SECONDS * 10
        assert consumer.live()[0]


class TestReadiness:
    def test_it_names_the_message_that_is_held_and_for_how_long(self, consumer: ConsumerProgress, clock: list[float]):
        consumer.hold("the database is away", partition=2, offset=41)
        clock[0] += 7
        consumer.hold("the storage is full", partition=2, offset=41)
        consumer.hold("the storage is full", partition=0, offset=9)
        assert consumer.ready() == (False, "holds topic partition 2 offset 41 for 7 s: the storage is full")

    def test_what_comes_by_another_topic_is_nothing_wrong(self, consumer: ConsumerProgress):
        consumer.hold("an org is on its way", partition=1, offset=7, expected=True)
        assert (consumer.ready(), consumer.held_seconds) == ((True, "consuming"), 0.0)
        consumer.hold("the database is away", partition=2, offset=41)
        assert not consumer.ready()[0]

    def test_it_lasts_until_that_message_has_passed(self, consumer: ConsumerProgress):
        consumer.hold("locked", partition=2, offset=41)
        consumer.set_down()
        consumer.passed(1, 99)
        consumer.passed(2, 40)
        assert not consumer.ready()[0]
        consumer.passed(2, 41)
        assert consumer.ready()[0]

    def test_what_was_held_may_be_another_members_after_the_group_divided_its_partitions(
        self, consumer: ConsumerProgress
    ):
        consumer.hold("locked", partition=2, offset=41)
        consumer.reassigned()
        assert consumer.ready()[0]

    def test_a_message_that_fails_for_long_shows_before_it_is_held(
        self, consumer: ConsumerProgress, clock: list[float]
    ):
        consumer.started()
        clock[0] += SHOWN_AFTER_SECONDS + 1
        assert consumer.ready()[0], "slow is not failing"
        consumer.failing("locked")
        assert consumer.ready() == (False, "tries a message of topic again: locked")
        consumer.finished()
        assert consumer.ready()[0]

    def test_how_long_it_has_been_held_is_measured(self, consumer: ConsumerProgress, clock: list[float]):
        consumer.hold("locked", partition=2, offset=41)
        clock[0] += 90
        consumer.observe(assigned=True, lag=1)
        assert metrics.CONSUMER_HELD_SECONDS.labels("topic")._value.get() == 90
        consumer.passed(2, 41)
        assert metrics.CONSUMER_HELD_SECONDS.labels("topic")._value.get() == 0
