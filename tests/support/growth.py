"""Whether the work on what a caller sends grows no faster than what is sent: processor time at growing sizes."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

#: Two doublings, for where an input grows out of a cache of the processor one may cost more than twice as much.
TIMES, FACTOR = 4, 2.5**2
#: Below this the caches of the machine are measured, and nobody waits for it.
FLOOR_SECONDS = 0.004
#: The best of them counts: a busy machine only makes them longer, and what is not linear stays so in the best one.
MOST_TRIES = 40
SMALLEST = 1024

#: Makes an input of about so many bytes; the text makes it another one each time, so that no memory helps.
Shape = Callable[[int, str], Any]
_unlike = count()


def repeated(unit: str, before: str = "", after: str = "") -> Shape:
    """The unit again and again between two texts; `*` in these stands for what makes an input another one."""

    def make(size: int, other: str) -> bytes:
        text = before.replace("*", other) + unit * (size // len(unit)) + after
        return text.encode("utf-8", "surrogateescape")

    return make


def assert_linear(
    act: Callable[[Any], object], shape: Shape, limit: int, refusals: tuple[type[Exception], ...] = ()
) -> None:
    """Each doubling takes 2.5 times as long at most, up to the limit. Stops at the first size that shows otherwise."""
    for size in _sizes(limit):
        assert_growth(act, partial(_another, shape, size), partial(_another, shape, TIMES * size), FACTOR, refusals)


def assert_growth(
    act: Callable[[Any], object],
    make_small: Callable[[], Any],
    make_large: Callable[[], Any],
    factor: float,
    refusals: tuple[type[Exception], ...] = (),
) -> None:
    """The large input takes so many times as long as the small one at most."""
    small = large = float("inf")
    for _ in range(MOST_TRIES):
        small = min(small, _seconds(act, make_small(), refusals))
        large = min(large, _seconds(act, make_large(), refusals))
        if large <= factor * max(small, FLOOR_SECONDS):
            return
    raise AssertionError(f"a small input takes {small:.4f} s, a large one {large:.4f} s")


def _another(shape: Shape, size: int) -> Any:
    return shape(size, f"{next(_unlike):06}")


def _sizes(limit: int) -> list[int]:
    """Each is measured against TIMES as many, which is the next one and in the end the limit."""
    sizes = [limit // TIMES]
    while sizes[0] > SMALLEST:
        sizes.insert(0, sizes[0] // TIMES)
    return sizes


def _seconds(act: Callable[[Any], object], made: Any, refusals: tuple[type[Exception], ...]) -> float:
    """Without the garbage collector: what it does depends on all else that is in memory."""
    gc.disable()
    started = time.thread_time()
    try:
        with suppress(*refusals):
            act(made)
        return time.thread_time() - started
    finally:
        gc.enable()
