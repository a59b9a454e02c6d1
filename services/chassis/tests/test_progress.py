"""Liveness follows progress: a consumer that waits for something outside is alive, one that is stuck is not."""

from __future__ import annotations

import pytest
from opsdash_chassis import progress
from opsdash_chassis.progress import STUCK_AFTER_SECONDS, ConsumerProgress


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

    def test_a_pause_is_no_reason_to_restart_but_shows_in_readiness(
        self, consumer: ConsumerProgress, clock: list[float]
    ):
        consumer.observe(assigned=True, lag=5)
        consumer.pause("the database is away")
        clock[0] += STUCK_AFTER_SECONDS * 10
        assert consumer.live()[0]
        assert consumer.ready() == (False, "the database is away")
        consumer.abandoned()
        assert not consumer.ready()[0], "it lasts until a message went through"
        consumer.finished()
        assert consumer.ready()[0]
