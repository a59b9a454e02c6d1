"""A search asks tickets and comments side by side, and says when it could not look everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest
from opsdash_gateway.upstream.answers import Answer
from opsdash_gateway.upstream.ticket_search import list_tickets
from opsdash_http.errors.problems import unavailable

ORG = "/orgs/ours"
TICKET = {"id": UUID(int=7), "words": 1}


class Upstream:
    """Answers with a body or with a problem, and keeps what it was asked."""

    def __init__(self, *bodies: Any) -> None:
        self._bodies = list(bodies)
        self.asked: list[tuple[str, bytes, Mapping[str, str] | None]] = []

    async def forward(
        self,
        method: str,
        path: str,
        *,
        query: bytes,
        headers: Mapping[str, str],
        seconds: float = 0,
        own: Mapping[str, str] | None = None,
    ) -> Answer:
        self.asked.append((path, query, own))
        body = self._bodies.pop(0)
        if isinstance(body, Exception):
            raise body
        if isinstance(body, Answer):
            return body
        return Answer(200, {}, msgspec.json.encode(body))


class Both:
    def __init__(self, tickets: Upstream, comments: Upstream) -> None:
        self.tickets, self.comments = tickets, comments


async def ask(query: str, tickets: Upstream, comments: Upstream) -> Any:
    upstreams: Any = Both(tickets, comments)
    return msgspec.json.decode((await list_tickets(upstreams, ORG, query.encode(), {})).body)


FIRST: dict[str, Any] = {"items": [1], "next_cursor": None}


@pytest.mark.parametrize("query", ["", "limit=5", "q=", "q=%20", "q=%2342"])
async def test_without_words_comments_are_not_asked(query: str):
    tickets, comments = Upstream(FIRST), Upstream()
    assert await ask(query, tickets, comments) == FIRST
    assert tickets.asked == [(f"{ORG}/tickets", query.encode(), None)]


async def test_without_a_comment_that_has_them_the_first_answer_counts():
    tickets, comments = Upstream(FIRST), Upstream({"tickets": [], "more": False})
    assert await ask("q=a%20b&limit=5", tickets, comments) == FIRST
    assert comments.asked == [(f"{ORG}/commented-tickets", b"q=a+b", None)]


async def test_tickets_are_asked_again_with_those_that_comments_found():
    second = {"items": [1, 2], "next_cursor": None}
    tickets, comments = Upstream(FIRST, second), Upstream({"tickets": [TICKET], "more": False})
    assert await ask("q=a", tickets, comments) == second
    assert tickets.asked[1] == (f"{ORG}/tickets", b"q=a", {"opsdash-commented-tickets": f"{UUID(int=7)}:1"})


@pytest.mark.parametrize("answer", [unavailable("away", 1), {"tickets": [], "more": True}])
async def test_says_when_not_all_comments_were_looked_through(answer: Any):
    assert await ask("q=a", Upstream(FIRST), Upstream(answer)) == {**FIRST, "narrowed": ["comments"]}


@pytest.mark.parametrize("second", [unavailable("away", 1), Answer(503, {}, b"{}"), Answer(429, {}, b"{}")])
@pytest.mark.parametrize("more", [False, True])
async def test_the_first_answer_counts_when_there_is_no_second(second: Any, more: bool):
    tickets, comments = Upstream(FIRST, second), Upstream({"tickets": [TICKET], "more": more})
    assert await ask("q=a", tickets, comments) == {**FIRST, "narrowed": ["comments"]}
    assert len(tickets.asked) == 2


async def test_without_tickets_there_is_no_answer():
    with pytest.raises(type(unavailable("away", 1))):
        await ask("q=a", Upstream(unavailable("away", 1)), Upstream({"tickets": [TICKET], "more": False}))
