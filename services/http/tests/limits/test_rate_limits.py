"""Limits: a burst passes, the rest waits, others notice nothing."""

from __future__ import annotations

import pytest
from opsdash_http.errors.problems import Problem
from opsdash_http.limits import rate_limits
from opsdash_http.limits.rate_limits import RateLimit


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def passed(limit: RateLimit, key: str, requests: int) -> int:
    count = 0
    for _ in range(requests):
        try:
            limit.check(key)
        except Problem:
            continue
        count += 1
    return count


class TestRateLimit:
    def test_lets_a_burst_through_and_then_the_average(self):
        clock = Clock()
        limit = RateLimit(per_second=10, burst=5, clock=clock)
        assert passed(limit, "a", 100) == 5
        clock.now += 1
        assert passed(limit, "a", 100) == 5
        clock.now += 0.3
        assert passed(limit, "a", 100) == 3

    def test_tells_how_long_to_wait(self):
        clock = Clock()
        limit = RateLimit(per_second=0.5, burst=1, clock=clock)
        limit.check("a")
        with pytest.raises(Problem) as refused:
            limit.check("a")
        assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "2")
        clock.now += 2
        limit.check("a")

    def test_tells_what_is_left(self):
        """draft-ietf-httpapi-ratelimit-headers-10: a quota of 20 is free again two seconds after it was used."""
        clock = Clock()
        limit = RateLimit(per_second=10, burst=20, clock=clock)
        assert dict(limit.headers("a")) == {
            b"ratelimit-policy": b'"person";q=20;w=2',
            b"ratelimit": b'"person";r=20;t=0',
        }
        assert passed(limit, "a", 15) == 15
        assert dict(limit.headers("a"))[b"ratelimit"] == b'"person";r=5;t=2'
        assert passed(limit, "a", 15) == 5
        assert dict(limit.headers("a"))[b"ratelimit"] == b'"person";r=0;t=2'
        clock.now += 1
        assert dict(limit.headers("a"))[b"ratelimit"] == b'"person";r=10;t=1'

    def test_tells_nothing_where_there_is_no_limit(self):
        assert RateLimit(per_second=float("inf"), burst=20, clock=Clock()).headers("a") == []

    def test_keys_do_not_share(self):
        limit = RateLimit(per_second=1, burst=2, clock=Clock())
        assert passed(limit, "noisy", 1000) == 2
        assert passed(limit, "quiet", 2) == 2

    def test_what_others_let_through_counts_as_well(self):
        limit = RateLimit(per_second=10, burst=8, clock=Clock())
        limit.charge_for_others("a", 6, seconds_ago=0.0)
        assert passed(limit, "a", 100) == 2
        assert passed(limit, "b", 100) == 8

    def test_what_others_let_through_long_ago_takes_nothing_from_now(self):
        """A process that was frozen reads at once what happened meanwhile, as if it had read it then."""
        clock = Clock()
        limit = RateLimit(per_second=10, burst=8, clock=clock)
        for seconds in range(60, 1, -1):
            limit.charge_for_others("a", 9, seconds_ago=seconds)
        assert passed(limit, "a", 100) == 8

    def test_nobody_is_locked_out_for_long_by_what_others_let_through(self):
        clock = Clock()
        limit = RateLimit(per_second=10, burst=5, clock=clock)
        for _ in range(100):
            limit.charge_for_others("a", 1_000_000, seconds_ago=0.0)
        clock.now += rate_limits.LONGEST_DEBT_SECONDS + 0.2
        assert passed(limit, "a", 1) == 1

    def test_reports_what_it_lets_through_and_what_that_cost_and_nothing_of_others(self):
        told: list[tuple[object, float]] = []
        limit = RateLimit(per_second=10, burst=2, clock=Clock())
        limit.report_to(lambda key, requests: told.append((key, requests)))
        assert passed(limit, "a", 100) == 2
        limit.check_again("a")
        limit.charge("a", 0.5)
        limit.charge_for_others("a", 3, seconds_ago=0.0)
        assert told == [("a", 1.0), ("a", 1.0), ("a", 0.5)]

    def test_forgets_who_was_not_seen_for_long(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(rate_limits, "MAXIMUM_KEYS", 3)
        limit = RateLimit(per_second=1, burst=1, clock=Clock())
        for key in "abcd":
            limit.check(key)
        assert len(limit._free_at) == 3

    def test_what_was_charged_is_paid_before_the_next_one(self):
        clock = Clock()
        limit = RateLimit(per_second=10, burst=5, clock=clock)
        limit.check("a")
        limit.charge("a", 14)
        assert passed(limit, "a", 1) == 0
        clock.now += 1.1
        assert passed(limit, "a", 100) == 1

    def test_one_that_was_counted_is_let_in_later_unless_it_was_charged_meanwhile(self):
        limit = RateLimit(per_second=10, burst=1, clock=Clock())
        limit.check("a")
        limit.check_again("a")
        limit.charge("a", 1)
        with pytest.raises(Problem):
            limit.check_again("a")

    def test_nobody_is_locked_out_for_long(self):
        clock = Clock()
        limit = RateLimit(per_second=10, burst=5, clock=clock)
        limit.charge("a", 1_000_000)
        clock.now += rate_limits.LONGEST_DEBT_SECONDS + 0.2
        assert passed(limit, "a", 1) == 1
