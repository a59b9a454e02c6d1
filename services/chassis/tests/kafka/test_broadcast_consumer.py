"""When a follower begins again: what it watches, without a broker."""

from __future__ import annotations

from typing import cast

import pytest
from aiokafka import TopicPartition
from opsdash_chassis.kafka import broadcast_consumer
from opsdash_chassis.kafka.broadcast_consumer import BroadcastConsumer, StartAgain, _check_ends, _still_waiting
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_chassis.settings import KafkaSettings

HERE = TopicPartition("topic", 0)


def test_records_that_move_are_not_stuck():
    waiting = _still_waiting({}, {HERE: 3}, {HERE: 5})
    assert waiting[HERE][0] == 3
    assert _still_waiting(waiting, {HERE: 5}, {HERE: 5}) == {}


def test_a_record_that_waits_long_begins_again(monkeypatch: pytest.MonkeyPatch):
    waiting = _still_waiting({}, {HERE: 3}, {HERE: 5})
    assert _still_waiting(waiting, {HERE: 3}, {HERE: 6}) == waiting
    monkeypatch.setattr(broadcast_consumer, "STUCK_SECONDS", -1)
    with pytest.raises(StartAgain, match="nothing comes"):
        _still_waiting(waiting, {HERE: 3}, {HERE: 6})


def test_a_broker_that_forgot_begins_again():
    with pytest.raises(StartAgain, match="forgotten"):
        _check_ends({HERE: 3}, {HERE: 0}, {HERE: 0})
    _check_ends({HERE: 3}, {HERE: 3}, {HERE: 3})
    _check_ends({HERE: 3}, {HERE: 4}, {HERE: 6})


def test_a_broker_that_forgot_what_was_read_since_the_last_look_begins_again():
    with pytest.raises(StartAgain, match="forgotten"):
        _check_ends({HERE: 0}, {HERE: 0}, {HERE: 2})
    _check_ends({HERE: 0}, {HERE: 0}, {HERE: 0})


def test_a_topic_that_is_missing_is_no_broker_that_is_away():
    kafka = Dependency("kafka")
    settings = cast("KafkaSettings", None)  # nothing connects
    consumer = BroadcastConsumer(settings, ["topic"], wanted=lambda _: True, on_event=lambda _: None, kafka=kafka)
    consumer._note_connection(StartAgain("no topic topic: run opsdash-topics"))
    assert consumer.state() == (True, "no topic topic: run opsdash-topics")
    assert kafka.missed_by("live") == ""
    consumer._note_connection(ConnectionRefusedError())
    assert consumer.missed.startswith("waits for kafka")
    consumer._note_connection(None)
    assert consumer.state() == (True, "follows")
