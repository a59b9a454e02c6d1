"""A person who asks for more than a limit allows, of one replica or of several in turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

#: Asks one replica once; whether it let that through.
Ask = Callable[[], Awaitable[bool]]

PER_SECOND, BURST = 10, 20
LEAST_SECONDS = 5.0
PATIENCE_SECONDS = 60.0
#: Of what the limit allows, at least: a machine may stand still for longer than the burst lasts.
LEAST_SHARE = 0.7


def allowed(seconds: float) -> float:
    """By the documents, in so long from the first request on."""
    return BURST + PER_SECOND * seconds


async def ask_too_much(
    replicas: Sequence[Ask], *, seconds: float = LEAST_SECONDS, patience: float = PATIENCE_SECONDS
) -> tuple[int, float]:
    """In turn without a pause. How many were let through, and in how many seconds.

    For `seconds` at least, and then until no more were let through than is allowed: what replicas do not know of each
    other for a moment they take back afterwards. Replicas that do not count together never get there; after
    `patience` seconds it ends all the same.
    """
    started, count, turn = time.monotonic(), 0, 0
    while True:
        count += await replicas[turn % len(replicas)]()
        turn += 1
        passed = time.monotonic() - started
        if passed > patience or (passed > seconds and count <= allowed(passed)):
            return count, passed
        await asyncio.sleep(0.005)


async def has_what_is_allowed(replicas: Sequence[Ask]) -> None:
    """Not more, and hardly less."""
    count, seconds = await ask_too_much(replicas)
    most = allowed(seconds)
    assert LEAST_SHARE * most <= count <= most, f"{count} in {seconds:.1f} s, allowed are {most:.0f}"
