"""When a message leaves and when it waits: rules without a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from opsdash_http.errors.problems import Problem
from opsdash_notifications.announcements.model import Plan, pause, plan
from opsdash_notifications.announcements.routes import only_one_of
from opsdash_notifications.throttle import MINUTE, MOST_IN_A_MINUTE, Throttle

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_ten_in_a_minute_leave_one_by_one_and_the_rest_waits_for_a_minute():
    throttle = Throttle()
    for number in range(MOST_IN_A_MINUTE):
        at = NOON + number * SECOND
        assert plan(5, throttle, now=at) == Plan(1, throttle)
        throttle = throttle.after_sending(at)
    now = NOON + 10 * SECOND
    held = plan(5, throttle, now=now)
    assert (held.count, held.look_at) == (0, now + MINUTE)
    assert plan(5, held.throttle, now=now + MINUTE - SECOND).count == 0
    digest = plan(7, held.throttle, now=now + MINUTE)
    assert digest.count == 7
    assert plan(1, digest.throttle.after_sending(now + MINUTE), now=now + MINUTE + SECOND).count == 1


def test_what_left_a_minute_ago_does_not_count():
    throttle = Throttle(tuple(NOON for _ in range(MOST_IN_A_MINUTE)))
    assert plan(1, throttle, now=NOON + MINUTE - SECOND).count == 0
    assert plan(1, throttle, now=NOON + MINUTE).count == 1


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 2), (5, 16), (6, 30), (50, 30), (10**6, 30)])
def test_pauses_grow_up_to_half_an_hour(failures: int, minutes: int):
    assert pause(failures) == timedelta(minutes=minutes)


def test_an_org_tries_one_channel_at_a_time():
    ours, theirs = uuid4(), uuid4()
    with only_one_of(ours):
        with only_one_of(theirs):
            pass
        with pytest.raises(Problem) as refused, only_one_of(ours):
            pass
    assert (refused.value.code, refused.value.status) == ("still-running", 409)
    with only_one_of(ours):
        pass
