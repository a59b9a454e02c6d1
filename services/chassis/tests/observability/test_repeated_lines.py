"""A library that repeats itself is heard once in ten seconds; what we log ourselves is never left out."""

from __future__ import annotations

import logging

import pytest
from opsdash_chassis.observability.repeated_lines import EVERY_SECONDS, MOST_KINDS, RepeatedLines


class Log:
    def __init__(self) -> None:
        self.now = 100.0
        self.filter = RepeatedLines(lambda: self.now)

    def says(self, template: str, *values: object, name: str = "aiokafka.conn", level: int = logging.ERROR) -> str:
        """The line as it would be written; empty when it is left out."""
        record = logging.LogRecord(name, level, __file__, 1, template, values, None)
        return record.getMessage() if self.filter.filter(record) else ""


@pytest.fixture
def log() -> Log:
    return Log()


def test_one_of_a_kind_in_ten_seconds_with_the_count_of_the_others(log: Log):
    assert log.says("Unable connect to %s", "a:1") == "Unable connect to a:1"
    assert [log.says("Unable connect to %s", f"b:{port}") for port in range(132)] == [""] * 132
    log.now += EVERY_SECONDS
    assert log.says("Unable connect to %s", "c:1") == "Unable connect to c:1 (132 more like it were left out)"
    log.now += EVERY_SECONDS
    assert log.says("Unable connect to %s", "d:1") == "Unable connect to d:1"


def test_another_template_logger_or_level_is_another_kind(log: Log):
    assert log.says("away")
    assert log.says("away again")
    assert log.says("away", name="aiokafka.client")
    assert log.says("away", level=logging.WARNING)
    assert not log.says("away")


@pytest.mark.parametrize("name", ["opsdash_chassis.outbox.relay", "opsdash_gateway.app", "root"])
def test_our_own_lines_are_never_left_out(log: Log, name: str):
    assert [log.says("the same", name=name) for _ in range(3)] == ["the same"] * 3


def test_a_percent_sign_in_a_line_without_values_is_just_a_sign(log: Log):
    for _ in range(2):
        log.says("100 % full")
    log.now += EVERY_SECONDS
    assert log.says("100 % full") == "100 % full (1 more like it were left out)"


def test_what_is_remembered_is_bounded(log: Log):
    for number in range(3 * MOST_KINDS):
        log.says(f"values in the template: {number}")
    assert len(log.filter._kinds) <= MOST_KINDS
