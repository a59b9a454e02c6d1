"""What the search of comments answers with, and when it says that there may be more."""

from __future__ import annotations

from uuid import UUID

import pytest
from opsdash_comments.search.repository import CommentedTicket
from opsdash_comments.search.routes import MOST_IN_ALL, MOST_TICKETS, MOST_WORDS, answer_of


def found(place: int, number: int, *, first: int = 0, cut: bool = False) -> list[CommentedTicket]:
    return [CommentedTicket(place, UUID(int=first + ticket), cut) for ticket in range(1, number + 1)]


def test_each_ticket_is_there_once_with_its_words():
    answer = answer_of([*found(0, 1), *found(1, 3), *found(2, 2)], words=2)
    assert [(ticket.id.int, ticket.words) for ticket in answer.tickets] == [(1, 3), (2, 3), (3, 1)]
    assert not answer.more


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        pytest.param(found(0, MOST_TICKETS + 1), 1, id="all words"),
        pytest.param(found(1, MOST_TICKETS + 1), 2, id="one of the words"),
        pytest.param(
            [row for place in range(3) for row in found(place, MOST_TICKETS, first=place * MOST_TICKETS)],
            2,
            id="in all",
        ),
        pytest.param(found(2, 1, cut=True), 2, id="not all matches were read"),
        pytest.param([], MOST_WORDS + 1, id="too many words"),
    ],
)
def test_says_when_there_may_be_more(rows: list[CommentedTicket], words: int):
    answer = answer_of(rows, words)
    assert answer.more
    assert len(answer.tickets) <= MOST_IN_ALL


@pytest.mark.parametrize("words", [1, MOST_WORDS])
def test_as_many_as_fit_are_all(words: int):
    assert not answer_of(found(0, MOST_TICKETS), words).more
