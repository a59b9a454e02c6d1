"""Rendering beside the event loop: others go on meanwhile, and nobody waits longer than the deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event

import pytest
from opsdash_markdown import (
    UNRENDERED,
    VERSION,
    beside_loop,
    render,
    render_all_soon,
    render_in_time,
    render_soon,
)

pytestmark = pytest.mark.integration

SHORT = "*short*"
LONG = "*a* " * beside_loop.AT_ONCE


@pytest.fixture
def busy() -> Iterator[Event]:
    """The thread is at something else until this is set."""
    release = Event()
    held = beside_loop._thread.submit(release.wait)
    yield release
    release.set()
    held.result()


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that has been rendered."""
    texts: list[str] = []
    monkeypatch.setattr(beside_loop, "render", lambda text: texts.append(text) or render(text))
    return texts


async def next_turn(busy: Event) -> int:
    """Let the thread go on, and wait until everything that was asked of it before is done."""
    busy.set()
    return await asyncio.get_running_loop().run_in_executor(beside_loop._thread, int)


@pytest.mark.parametrize("text", [SHORT, LONG])
async def test_a_text_is_rendered(text: str) -> None:
    assert await render_soon(text) == (render(text), VERSION)


async def test_the_loop_goes_on_while_a_long_text_is_rendered() -> None:
    turns = 0
    rendering = asyncio.create_task(render_in_time("- a\n" * 2_000))
    while not rendering.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 3


class TestDeadline:
    async def test_a_text_that_would_have_to_wait_is_as_typed_for_now(self, busy: Event) -> None:
        assert await render_soon(LONG) == (f"<pre>{LONG}</pre>\n", UNRENDERED)

    async def test_a_short_one_never_waits(self, busy: Event) -> None:
        assert await render_soon(SHORT) == (render(SHORT), VERSION)

    async def test_several_wait_no_longer_than_one(self, busy: Event) -> None:
        async with asyncio.timeout(10 * beside_loop.DEADLINE_SECONDS):
            answers = await render_all_soon([LONG] * 50)
        assert {answer.version for answer in answers} == {UNRENDERED}

    async def test_what_is_given_up_is_not_rendered_later(self, busy: Event, rendered: list[str]) -> None:
        await render_all_soon([LONG] * 50)
        assert await next_turn(busy) == len(rendered) == 0

    async def test_nor_is_what_a_caller_asked_for_who_left(self, busy: Event, rendered: list[str]) -> None:
        asking = asyncio.create_task(render_soon(LONG))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait([asking])
        assert await next_turn(busy) == len(rendered) == 0

    async def test_work_that_nobody_waits_for_is_done_when_its_turn_comes(self, busy: Event) -> None:
        rendering = asyncio.create_task(render_in_time(LONG))
        await asyncio.sleep(2 * beside_loop.DEADLINE_SECONDS)
        busy.set()
        assert await rendering == render(LONG)
