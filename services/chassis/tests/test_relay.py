"""A relay outlives whatever ends one of its sessions."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest
from opsdash_chassis.relay import Relay
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
