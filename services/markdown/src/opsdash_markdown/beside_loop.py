"""Rendering for code on the event loop: short texts at once, long ones in a thread and never waited for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from opsdash_markdown.rendering import UNRENDERED, VERSION, as_typed, render

#: Characters that are rendered at once: less work than handing them over.
AT_ONCE: Final = 500
DEADLINE_SECONDS: Final = 0.25
# One thread: rendering holds the interpreter, so more of them would only take turns, and take them from the loop.
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="markdown")


class Rendered(NamedTuple):
    """HTML to be stored, and the version of the rules it was made by."""

    html: str
    version: int


async def render_soon(text: str) -> Rendered:
    """As typed and `UNRENDERED`, to be rendered later, when so much is being rendered that it would have to wait."""
    if len(text) <= AT_ONCE:
        return Rendered(render(text), VERSION)
    (rendered,) = await render_all_soon([text])
    return rendered


async def render_all_soon(texts: Sequence[str]) -> list[Rendered]:
    """The same for several texts, which share the deadline."""
    jobs = [_thread.submit(render, text) for text in texts]
    try:
        if jobs:
            await asyncio.wait([asyncio.wrap_future(job) for job in jobs], timeout=DEADLINE_SECONDS)
        return [
            Rendered(job.result(), VERSION) if job.done() else Rendered(as_typed(text), UNRENDERED)
            for text, job in zip(texts, jobs, strict=True)
        ]
    finally:
        for job in jobs:
            job.cancel()


async def render_in_time(text: str) -> str:
    """For work that nobody waits for: takes as long as others leave it."""
    return await asyncio.get_running_loop().run_in_executor(_thread, render, text)
