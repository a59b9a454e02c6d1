"""Waiting for a condition instead of for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")


async def eventually(
    probe: Callable[[], Awaitable[Value]], satisfied: Callable[[Value], bool] = bool, *, timeout: float = 90.0
) -> Value:
    """Ask until the answer satisfies; fails with the last answer."""
    deadline = time.monotonic() + timeout
    while True:
        value = await probe()
        if satisfied(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not satisfied within {timeout} s, last: {value!r}")
        await asyncio.sleep(0.05)
