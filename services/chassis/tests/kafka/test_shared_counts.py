"""What a replica reports and what it makes of the reports of others, without a broker."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any
from uuid import UUID, uuid4

from opsdash_chassis.kafka.shared_counts import SharedCounts
from opsdash_chassis.observability.dependencies import Dependency
from opsdash_contracts.envelope import decode
from opsdash_contracts.requests import MAXIMUM_KEYS, TicketsRequestsCounted
from opsdash_contracts.topics import TICKETS_REQUESTS

NOT_CONNECTED: Any = None


class Charged(list[tuple[Hashable, float, float]]):
    """What was charged: key, requests, how long ago."""

    def __call__(self, key: Hashable, requests: float, *, seconds_ago: float) -> None:
        self.append((key, requests, seconds_ago))


def replica(charged: Charged) -> SharedCounts:
    return SharedCounts(NOT_CONNECTED, TICKETS_REQUESTS, TicketsRequestsCounted, charged, kafka=Dependency("kafka"))


def test_another_replica_is_charged_and_the_same_one_is_not():
    here, there = Charged(), Charged()
    one, other = replica(here), replica(there)
    org = uuid4()
    for requests in (1.0, 1.0, 0.25):
        one.count(org, requests)
    event = one._event(one._collect())
    read = decode(event.envelope.to_headers(), event.key, event.value())
    one._apply(read)
    other._apply(read)
    assert (here, there) == ([], [(org, 2.25, 0.0)])
    assert type(there[0][0]) is UUID


def test_each_request_is_reported_once():
    one = replica(Charged())
    one.count(uuid4(), 1.0)
    assert one._collect()
    assert one._collect() == {}


def test_what_costs_next_to_nothing_can_be_reported():
    one = replica(Charged())
    one.count(uuid4(), 1e-9)
    assert list(one._event(one._collect()).data.requests.values()) == [0.0]


def test_a_report_is_bounded_however_many_ask():
    one = replica(Charged())
    known = uuid4()
    one.count(known, 1.0)
    for _ in range(MAXIMUM_KEYS + 10):
        one.count(uuid4(), 1.0)
    one.count(known, 1.0)
    counted = one._collect()
    assert len(one._event(counted).data.requests) == MAXIMUM_KEYS
    assert counted[known] == 2


def test_one_that_has_not_begun_counts_alone_and_serves():
    assert replica(Charged()).state() == (True, "counts alone: it has just begun")
