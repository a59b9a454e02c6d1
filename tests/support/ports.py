"""Ports for a stack that wants a block of them."""

from __future__ import annotations

from random import SystemRandom

from opsdash_local.ports import DRAWN, LAST_OFFSET, claim, is_free


def free_block() -> int:
    """A first port whose whole block is free; apart from single drawn ports and from those the system hands out."""
    chance = SystemRandom()
    while True:
        first = chance.randrange(10_000, DRAWN.start - LAST_OFFSET)
        if all(is_free(first + offset) and claim(first + offset) for offset in range(LAST_OFFSET + 1)):
            return first
