"""Which reasons to tell people there are in an event."""

from __future__ import annotations

from uuid import uuid4

import pytest
from opsdash_contracts.notices import Reason
from opsdash_notifications.recipients import occasions
from opsdash_notifications.recipients.model import Occasion

from services.notifications.tests.happenings import TicketStory, usage_noticed

ADA, BOB = uuid4(), uuid4()


@pytest.fixture
def story() -> TicketStory:
    return TicketStory(uuid4(), creator=ADA)


def test_a_new_ticket_is_none_until_it_is_somebody_elses(story: TicketStory):
    assert occasions.by_ticket(story.created()).reasons == ()
    story.assignee = BOB
    assert occasions.by_ticket(story.created()) == Occasion((Reason.ASSIGNED,), actor_id=ADA, assignee_id=BOB)


def test_assigning_and_moving_and_reopening_are(story: TicketStory):
    assert occasions.by_ticket(story.assigned(BOB, by=ADA)).reasons == (Reason.ASSIGNED,)
    assert occasions.by_ticket(story.moved(by=ADA)).reasons == (Reason.STATUS_CHANGED,)
    assert occasions.by_ticket(story.reopened(by=ADA)).reasons == (Reason.REOPENED, Reason.STATUS_CHANGED)
    assert occasions.by_ticket(story.assigned(None, by=ADA)).reasons == ()
    assert occasions.by_ticket(story.updated(changes={})).reasons == ()


def test_what_happens_to_a_deleted_ticket_is_none(story: TicketStory):
    assert occasions.by_ticket(story.deleted(by=ADA)).reasons == ()
    assert occasions.by_ticket(story.restored(by=ADA)).reasons == ()
    assert occasions.by_ticket(story.purged()).reasons == ()


def test_a_comment_tells_whom_it_mentions_before_those_who_watch(story: TicketStory):
    assert occasions.by_comment(story.commented(ADA)).reasons == (Reason.COMMENTED,)
    comment = story.commented(ADA, mentions=[BOB])
    expected = Occasion(
        (Reason.MENTIONED, Reason.COMMENTED), actor_id=ADA, named=(BOB,), comment_id=comment.data.comment_id
    )
    assert occasions.by_comment(comment) == expected


def test_due_times_and_usage_have_no_actor(story: TicketStory):
    story.assignee = BOB
    assert occasions.by_sla(story.breached()) == Occasion((Reason.SLA_BREACHED,), assignee_id=BOB)
    assert occasions.by_sla(story.breached(warning=True)) == Occasion((Reason.SLA_WARNING,), assignee_id=BOB)
    assert occasions.by_usage(usage_noticed(story.org_id)) == Occasion((Reason.USAGE,))
