"""Something outside is away while any part of the process misses it; both changes are said once."""

from __future__ import annotations

import pytest
from opsdash_chassis.observability.dependencies import UP, Dependency
from structlog.testing import capture_logs


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def kafka(now: list[float]) -> Dependency:
    return Dependency("kafka", clock=lambda: now[0])


def up() -> float:
    return float(UP.labels("kafka")._value.get())


def test_going_and_coming_back_are_a_line_each_whoever_misses_it(kafka: Dependency, now: list[float]):
    with capture_logs() as lines:
        kafka.away("refused", part="relay")
        for _ in range(100):
            now[0] += 1
            kafka.away("refused", part="consumers")
            kafka.away("still refused", part="relay")
        assert up() == 0
        kafka.back(part="relay")
        assert up() == 0
        kafka.back(part="consumers")
        kafka.back(part="consumers")
    assert [line["event"] for line in lines] == ["dependency_away", "dependency_back"]
    assert lines[0] | {"dependency": "kafka", "part": "relay", "reason": "refused"} == lines[0]
    assert lines[1]["away_seconds"] == 100
    assert up() == 1


def test_the_first_contact_is_no_news(kafka: Dependency):
    with capture_logs() as lines:
        kafka.back(part="relay")
    assert not lines
    assert up() == 1


def test_each_part_says_what_it_waits_for(kafka: Dependency, now: list[float]):
    kafka.away("refused", part="relay")
    now[0] += 12.4
    assert kafka.missed_by("relay") == "waits for kafka, away for 12 s: refused"
    assert kafka.missed_by("consumers") == ""
