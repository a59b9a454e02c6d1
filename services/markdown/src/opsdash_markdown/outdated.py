"""Housekeeping of stored HTML: what was made by older rules, or as typed under load, is rendered by and by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, TypeVar

from opsdash_markdown.beside_loop import render_in_time

READ_AT_ONCE: Final = 20
PAUSE_SECONDS: Final = 0.05  # after each text: what people ask for goes first


class Outdated(Protocol):
    """A text whose HTML is outdated, and where it is stored."""

    @property
    def text(self) -> str: ...


Row = TypeVar("Row", bound=Outdated)
Connection = TypeVar("Connection")
Transaction = Callable[[], AbstractAsyncContextManager[Connection]]
Find = Callable[[Connection, int], Awaitable[Sequence[Row]]]
Store = Callable[[Connection, Sequence[tuple[Row, str]]], Awaitable[None]]


async def render_outdated(
    transaction: Transaction[Connection], find: Find[Connection, Row], store: Store[Connection, Row]
) -> int:
    """Render one text after the other until none is left; returns how many.

    `transaction` begins one of the worker's, without a tenant. `find` returns the first rows that are outdated, `store`
    makes them current unless their text was changed meanwhile.
    """
    done, found = 0, READ_AT_ONCE
    while found == READ_AT_ONCE:
        async with transaction() as connection:
            rows = await find(connection, READ_AT_ONCE)
        made = []
        for row in rows:
            made.append((row, await render_in_time(row.text)))
            await asyncio.sleep(PAUSE_SECONDS)
        if made:
            async with transaction() as connection:
                await store(connection, made)
        found = len(rows)
        done += found
    return done
