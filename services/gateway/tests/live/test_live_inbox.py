"""The number at the bell on the live stream: for the person who was told, and for nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
from opsdash_contracts.envelope import Event
from opsdash_gateway.live import hub as hubs
from opsdash_gateway.live.hub import Hub
from opsdash_gateway.live.stream import Reader, Stream

from services.gateway.tests.live.test_live_signals import EXAMPLES, event
from tests.support.measurements import eventually

MENTION = event(EXAMPLES / "notice.sent/v1/mention-in-the-inbox.json")
BY_MAIL = event(EXAMPLES / "notice.sent/v1/breach-by-mail.json")
MUTED = event(EXAMPLES / "notice.skipped/v1/muted.json")
BREACH = event(EXAMPLES / "sla.breached/v1/confirmed.json")
ORG = MENTION.data.org_id
TOLD: UUID = MENTION.data.recipient_id


@dataclass
class Window:
    """One person's stream, and how often it asked for their number."""

    user_id: UUID
    unread: int | None = None
    asked: int = 0
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    written: bytes = b""

    async def ask(self) -> int | None:
        self.asked += 1
        await self.answers.wait()
        return self.unread

    async def send(self, message: Any) -> None:
        self.written += message.get("body", b"")

    def told(self, name: str = "inbox") -> list[Any]:
        lines = [block.split("\n") for block in self.written.decode().split("\n\n")]
        blocks = [dict(line.split(": ", 1) for line in block if ": " in line) for block in lines]
        return [json.loads(block["data"]) for block in blocks if block.get("event") == name]


@contextlib.asynccontextmanager
async def watching(hub: Hub, user_id: UUID, org_id: UUID = ORG, *, answers: bool = True) -> AsyncIterator[Window]:
    window = Window(user_id)
    if answers:
        window.answers.set()

    async def allowed() -> bool:
        return True

    async def stays() -> Any:
        await asyncio.Event().wait()

    feed = hub.feed(org_id)
    stream = Stream(feed, Reader(user_id, uuid4(), time.time() + 60, allowed, unread=window.ask), None)
    with hub.joined(feed, stream):
        running = asyncio.create_task(stream.run(stays, window.send))
        await eventually(lambda: begun(window), bool)
        yield window
        stream.end("stopping")
        await running


async def begun(window: Window) -> bool:
    """It has asked for the number it starts with."""
    return bool(window.asked and window.written)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(hubs, "COUNTS_SECONDS", 0.0)
    return Hub(streams=10, streams_per_user=10)


async def number(window: Window, unread: int) -> None:
    async def told() -> list[Any]:
        return window.told()

    await eventually(told, lambda found: {"unread": unread} in found)


async def test_starts_with_what_is_unread(hub: Hub) -> None:
    async with watching(hub, TOLD, answers=False) as window:
        window.unread = 2
        window.answers.set()
        await number(window, 2)


async def test_who_was_told_gets_the_new_number_and_nobody_else_anything(hub: Hub) -> None:
    async with (
        watching(hub, TOLD) as own,
        watching(hub, TOLD) as second,
        watching(hub, uuid4()) as colleague,
        watching(hub, TOLD, uuid4()) as elsewhere,
    ):
        own.unread = second.unread = colleague.unread = elsewhere.unread = 7
        hub.deliver(MENTION)
        await number(own, 7)
        await number(second, 7)
        hub.deliver(BREACH)  # comes to every stream of the org, after whatever came before it

        async def breached() -> list[Any]:
            return colleague.told("sla")

        await eventually(breached, bool)
        assert (colleague.asked, colleague.told()) == (1, [])
        assert (elsewhere.asked, elsewhere.told(), elsewhere.told("sla")) == (1, [], [])


@pytest.mark.parametrize("other", [BY_MAIL, MUTED], ids=["by mail", "muted"])
async def test_what_is_in_no_inbox_asks_nothing(hub: Hub, other: Event[Any]) -> None:
    async with watching(hub, other.data.recipient_id, other.data.org_id) as window:
        hub.deliver(other)
        hub.deliver(BREACH)

        async def breached() -> list[Any]:
            return window.told("sla")

        await eventually(breached, bool)
        assert window.asked == 1


async def test_a_burst_is_one_more_question_at_most_while_one_is_open(hub: Hub) -> None:
    async with watching(hub, TOLD, answers=False) as window:
        for _ in range(50):
            hub.deliver(MENTION)
            await asyncio.sleep(0)
        window.unread = 50
        window.answers.set()
        await number(window, 50)
        assert window.asked == 2


async def test_a_service_that_does_not_answer_holds_nothing_up(hub: Hub) -> None:
    async with watching(hub, TOLD, answers=False) as window:
        hub.deliver(MENTION)
        hub.deliver(BREACH)

        async def breached() -> list[Any]:
            return window.told("sla")

        await eventually(breached, bool)
        assert window.told() == []


async def test_reading_in_one_window_tells_the_others(hub: Hub) -> None:
    async with watching(hub, TOLD) as window:
        window.unread = 0
        hub.inbox_changed(ORG, TOLD)
        await number(window, 0)
