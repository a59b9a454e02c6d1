"""What FastStream does not do by itself: the test of the library alone fails when it does, and its part here can go."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faststream.kafka.subscriber import usecase
from opsdash_chassis.consuming.compat import wait_in_the_client_only

LONG_MS = 60_000
LIBRARY = usecase.BatchSubscriber.get_msg
SUBSCRIBER: Any = SimpleNamespace(batch_timeout_ms=LONG_MS, max_records=50)


class Client:
    """A consumer whose wait ends at once, with what the broker has."""

    def __init__(self, found: dict[str, list[str]]) -> None:
        self._found = found

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[str, list[str]]:
        assert (timeout_ms, max_records) == (LONG_MS, 50)
        return self._found


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usecase.BatchSubscriber, "get_msg", LIBRARY)


async def test_the_library_alone_sleeps_after_a_fetch_that_brought_nothing() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(usecase.BatchSubscriber.get_msg(SUBSCRIBER, Client({})), 0.2)


async def test_here_it_looks_again_at_once() -> None:
    wait_in_the_client_only()
    assert await asyncio.wait_for(usecase.BatchSubscriber.get_msg(SUBSCRIBER, Client({})), 5) == ()


async def test_the_records_of_all_partitions_are_one_batch() -> None:
    wait_in_the_client_only()
    client = Client({"one": ["a", "b"], "two": ["c"]})
    assert await usecase.BatchSubscriber.get_msg(SUBSCRIBER, client) == ("a", "b", "c")
