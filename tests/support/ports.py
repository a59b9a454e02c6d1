"""Ports for a stack that wants a block of them."""

from __future__ import annotations

from random import SystemRandom

from opsdash_local.ports import is_free
from opsdash_local.settings import LAST_OFFSET


def free_block() -> int:
    """A first port whose whole block is free; outside the range the system hands out by itself."""
    chance = SystemRandom()
    while True:
        first = chance.randrange(10_000, 30_000)
        if all(is_free(first + offset) for offset in range(LAST_OFFSET + 1)):
            return first
