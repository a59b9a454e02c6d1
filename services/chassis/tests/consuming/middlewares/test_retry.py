"""A message is tried again while a dependency is away, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from opsdash_chassis.consuming.middlewares import retry
from opsdash_chassis.consuming.middlewares.batch import Batch, commits_of
from opsdash_chassis.consuming.middlewares.retry import TRIES, RetryMiddleware
from opsdash_chassis.consuming.subscription import Subscription
from opsdash_chassis.errors import ComesLater, Unavailable
from opsdash_contracts.envelope import InvalidMessage

from services.chassis.tests.consuming.fakes import batch_of, record, run, subscription

AWAY = Unavailable("The database did not answer in time.")


@pytest.fixture
def ours() -> Subscription:
    return subscription()


@pytest.fixture(autouse=True)
def waited(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses are noted, not slept."""
    seconds: list[float] = []

    async def sleep(pause: float) -> None:
        seconds.append(pause)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


def answering(*answers: object) -> tuple[Callable[[Batch], Awaitable[Any]], list[Batch]]:
    """A next step with these answers, the last of them for ever; exceptions are raised."""
    calls: list[Batch] = []

    async def call_next(batch: Batch) -> Any:
        calls.append(batch)
        answer = answers[min(len(calls), len(answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return call_next, calls


async def tries(ours: Subscription, batch: Batch, error: Exception = AWAY) -> int:
    call_next, calls = answering(error)
    with pytest.raises(type(error)):
        await run(RetryMiddleware, ours, batch, call_next)
    return len(calls)


async def test_an_outage_is_tried_five_times_with_growing_pauses(ours: Subscription, waited: list[float]):
    assert await tries(ours, batch_of(ours, record())) == TRIES
    assert sum(waited) < retry.RETRY_BUDGET_SECONDS
    assert waited[-1] > waited[0]


async def test_an_outage_shows_in_readiness(ours: Subscription):
    await tries(ours, batch_of(ours, record()))
    assert ours.progress.failing_for == AWAY.detail


async def test_a_permanent_error_is_not_tried_again(ours: Subscription, waited: list[float]):
    assert await tries(ours, batch_of(ours, record()), InvalidMessage("schema", "no")) == 1
    assert waited == []


async def test_the_first_success_ends_it(ours: Subscription):
    call_next, calls = answering(AWAY, AWAY, "done")
    assert await run(RetryMiddleware, ours, batch_of(ours, record()), call_next) == "done"
    assert len(calls) == 3


async def test_several_messages_get_one_try_because_each_is_tried_alone_next(ours: Subscription):
    assert await tries(ours, batch_of(ours, record(offset=1), record(offset=2))) == 1


async def test_what_is_held_gets_one_try_a_time(ours: Subscription):
    ours.progress.hold("away", partition=2, offset=41)
    assert await tries(ours, batch_of(ours, record(partition=2))) == 1
    assert await tries(ours, batch_of(ours, record(partition=1))) == TRIES


async def test_what_comes_by_another_topic_gets_one_try_so_that_other_partitions_go_on(ours: Subscription):
    assert await tries(ours, batch_of(ours, record(partition=1)), ComesLater("on its way")) == 1


async def test_an_outage_is_waited_for_once_a_batch(ours: Subscription):
    batch = batch_of(ours, record(partition=1))
    commits_of(batch).hold(record(partition=2))
    assert await tries(ours, batch) == 1
