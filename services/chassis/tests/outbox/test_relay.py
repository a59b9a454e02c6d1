"""A relay outlives whatever ends one of its sessions."""

from __future__ import annotations

import time
from typing import Any, cast

import asyncpg
import pytest
from aiokafka.errors import KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError
from opsdash_chassis.observability import metrics
from opsdash_chassis.outbox import relay as relay_module
from opsdash_chassis.outbox.relay import Relay
from opsdash_chassis.settings import DatabaseSettings


def settings() -> DatabaseSettings:
    values: dict[str, Any] = {"crash_at": None, "relay_poll_seconds": 0.01}
    return DatabaseSettings.model_construct(**values)


@pytest.mark.parametrize(
    "error",
    [
        # What asyncpg says when a frozen process wakes up and its session has been ended in the middle of a statement.
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.IdleSessionTimeoutError("terminating connection due to idle-session timeout"),
        TimeoutError(),
        AttributeError("a fault of ours"),
    ],
)
async def test_it_starts_again_after_any_error(error: Exception, monkeypatch: pytest.MonkeyPatch):
    relay, sessions = Relay(settings()), []

    async def session() -> None:
        sessions.append(1)
        if len(sessions) == 1:
            raise error
        relay.stop()

    monkeypatch.setattr(relay, "_session", session)
    await relay.run()
    assert len(sessions) == 2


async def test_it_is_alive_while_the_database_cannot_be_reached(monkeypatch: pytest.MonkeyPatch):
    relay, seen = Relay(settings()), list[bool]()

    async def session() -> None:
        seen.append(relay.progress()[0])
        if len(seen) == 3:
            relay.stop()
        monkeypatch.setattr(relay, "_last_turn", time.monotonic() - 100)  # an outage is many of these
        raise OSError("no such host")

    monkeypatch.setattr(relay, "_session", session)
    await relay.run()
    assert seen == [True] * 3


class Locked:
    """A connection to a database whose relay is another process."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay

    async def fetchval(self, _: str) -> bool:
        self.relay.stop()
        return False

    async def execute(self, _: str) -> None: ...


async def test_what_it_measured_as_the_leader_ends_when_another_leads():
    relay = Relay(settings())
    metrics.OUTBOX_AGE.set(120)
    metrics.OUTBOX_DEPTH.set(9)
    await relay._wait_for_leadership(cast("Any", Locked(relay)))
    assert (metrics.OUTBOX_AGE._value.get(), metrics.OUTBOX_DEPTH._value.get()) == (0, 0)


async def test_a_failing_session_keeps_what_it_measured(monkeypatch: pytest.MonkeyPatch):
    relay = Relay(settings())

    async def session() -> None:
        metrics.OUTBOX_DEPTH.set(9)
        relay.stop()
        raise OSError("the broker is away")

    monkeypatch.setattr(relay, "_session", session)
    await relay.run()
    assert metrics.OUTBOX_DEPTH._value.get() == 9, "an outbox that grows must be seen to grow"


@pytest.mark.parametrize("order", [1, -1])
def test_a_parked_event_hides_no_graver_error(order: int):
    parked, later, person = MessageSizeTooLargeError(), KafkaTimeoutError(), TopicAuthorizationFailedError()
    assert max([parked, later][::order], key=relay_module._weight) is later
    assert max([parked, later, person][::order], key=relay_module._weight) is person
