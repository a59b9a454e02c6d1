"""Who watches a ticket by what is done to it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from opsdash_notifications.watching.model import watchers_by_comment, watchers_by_ticket

from services.notifications.tests.happenings import TicketStory, replayed

ADA, BOB, EVE = uuid4(), uuid4(), uuid4()


@pytest.fixture
def story() -> TicketStory:
    return TicketStory(uuid4(), creator=ADA)


def test_who_creates_it_and_whom_it_is_given_to(story: TicketStory):
    assert watchers_by_ticket(story.created()) == (ADA,)
    assert watchers_by_ticket(story.assigned(BOB, by=ADA)) == (BOB,)
    assert watchers_by_ticket(story.moved(by=EVE)) == ()


def test_nobody_by_a_change_of_many_at_once(story: TicketStory):
    assert watchers_by_ticket(story.assigned(BOB, by=ADA, bulk_id=uuid4())) == ()


def test_nobody_watches_what_is_deleted(story: TicketStory):
    assert watchers_by_ticket(story.deleted(by=ADA)) == ()


def test_who_comments_and_who_is_mentioned_each_once(story: TicketStory):
    assert watchers_by_comment(story.commented(EVE, mentions=[BOB, EVE])) == (EVE, BOB)


def test_of_what_is_sent_again_its_state_counts(story: TicketStory):
    story.assignee = BOB
    assert watchers_by_ticket(replayed(story.moved(by=EVE, bulk_id=uuid4()))) == (ADA, BOB)
    assert watchers_by_comment(replayed(story.commented(EVE, mentions=[BOB]))) == (EVE, BOB)
