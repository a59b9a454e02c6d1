"""Changing many rows goes in parts; what became of each is told whatever happens in between."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

import msgspec
import pytest
from opsdash_gateway.console.list.bulk import AT_ONCE, Item, Result, change_parts
from opsdash_gateway.console.shell.page import Page
from opsdash_gateway.upstream.answers import Answer
from opsdash_http.errors.problems import Problem, unavailable


class Upstream:
    """Takes some parts, then is away."""

    def __init__(self, takes: int) -> None:
        self.takes = takes

    async def send(self, _method: str, _path: str, body: Any) -> Answer:
        self.takes -= 1
        if self.takes < 0:
            raise unavailable("The service does not answer.")
        items = [Item(ticket_id, 200) for ticket_id in body["ids"]]
        return Answer(200, {}, msgspec.json.encode(Result(items)))


async def change(upstream: Upstream, count: int) -> list[Item]:
    return await change_parts(cast("Page", upstream), [uuid4() for _ in range(count)], {"status": "closed"})


async def test_a_part_that_fails_takes_nothing_from_those_before_it() -> None:
    items = await change(Upstream(takes=2), 2 * AT_ONCE + 50)
    assert [item.error is None for item in items] == [True] * 2 * AT_ONCE + [False] * 50
    assert {item.status for item in items[2 * AT_ONCE :]} == {503}


async def test_a_first_part_that_fails_is_the_answer() -> None:
    with pytest.raises(Problem) as refusal:
        await change(Upstream(takes=0), 2 * AT_ONCE)
    assert refusal.value.status == 503
