"""Tests that people send to a channel: they end in time, and say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_http.errors.problems import Problem
from opsdash_notifications.announcements import routes
from opsdash_notifications.errors import MessageNotTaken

from services.notifications.tests.announcements.conftest import Channels
from services.notifications.tests.mail.conftest import ORG


@dataclass
class Scope:
    """A request of an admin."""

    channels: Channels

    @asynccontextmanager
    async def transaction(self, _action: object) -> AsyncIterator[tuple[UnitOfWork, Any]]:
        async with self.channels.work() as work:
            yield work, SimpleNamespace(org_id=ORG)

    async def once(self, _work: object, _access: object, act: Callable[[], Awaitable[Any]], **_: object) -> Any:
        return await act()


async def try_out(channels: Channels, channel_id: UUID) -> Any:
    scope: Any = Scope(channels)
    return await routes.send_test.fn(str(channel_id), scope, channels.sender.setup)


async def test_a_chat_that_takes_it(channels: Channels) -> None:
    answer = await try_out(channels, await channels.add("one"))
    assert (answer.content.sent, len(channels.chat.taken)) == (True, 1)


async def test_a_hanging_chat_is_said_to_be_one(channels: Channels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "TOTAL_SECONDS", 0.3)
    channels.chat.answers["one"] = None
    with pytest.raises(MessageNotTaken) as error:
        await try_out(channels, await channels.add("one"))
    assert error.value.words.startswith("It does not answer")


async def test_so_is_that_others_test_theirs(channels: Channels, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait for a place is part of the time."""
    monkeypatch.setattr(routes, "TOTAL_SECONDS", 0.3)
    monkeypatch.setattr(routes, "_AT_ONCE", asyncio.Semaphore(0))
    with pytest.raises(MessageNotTaken) as error:
        await try_out(channels, await channels.add("one"))
    assert error.value.words.startswith("Too many channels")
    assert channels.chat.asked == []


async def test_a_second_test_of_the_org_is_told_of_the_first(channels: Channels) -> None:
    with routes.only_one_of(ORG), pytest.raises(Problem) as error:
        await try_out(channels, await channels.add("one"))
    assert (error.value.status, error.value.code) == (409, "still-running")
    assert "Idempotency-Key" not in (error.value.detail or "")
