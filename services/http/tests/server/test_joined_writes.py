"""What is written in one turn of the event loop leaves together, in order, and before the end."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from opsdash_http.server.joined_writes import MOST_BYTES, JoinedWrites


class Recorder:
    """Stands for a transport: what was done to it, in order."""

    def __init__(self) -> None:
        self.done: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.done.append(data)

    def close(self) -> None:
        self.done.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.done


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def transport(recorder: Recorder) -> JoinedWrites:
    return JoinedWrites(cast("asyncio.Transport", recorder), asyncio.get_running_loop())


async def test_head_and_body_leave_together(transport: Any, recorder: Recorder):
    transport.write(b"head ")
    transport.write(b"body")
    await asyncio.sleep(0)
    assert recorder.done == [b"head body"]


async def test_what_comes_a_turn_later_leaves_by_itself(transport: Any, recorder: Recorder):
    for piece in (b"head", b"first event", b"second event"):
        transport.write(piece)
        await asyncio.sleep(0)
    assert recorder.done == [b"head", b"first event", b"second event"]


async def test_much_does_not_wait_for_the_end_of_the_turn(transport: Any, recorder: Recorder):
    transport.write(b"head ")
    transport.write(b"x" * MOST_BYTES)
    assert recorder.done == [b"head " + b"x" * MOST_BYTES]
    transport.write(b"more")
    await asyncio.sleep(0)
    assert recorder.done[1:] == [b"more"]


async def test_closing_leaves_nothing_behind(transport: Any, recorder: Recorder):
    transport.write(b"answer")
    transport.close()
    await asyncio.sleep(0)
    assert recorder.done == [b"answer", "closed"]
    assert transport.is_closing()
