"""How events of a ticket are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from opsdash_contracts import tickets
from opsdash_notifications.activity.model import TicketChange, counted

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CREATED = TicketChange(uuid4(), uuid4(), 41, tickets.CREATED, NOON)
UPDATED = replace(CREATED, event_type=tickets.UPDATED, at=NOON + timedelta(minutes=1))


def test_the_first_change_is_counted_as_one():
    activity = counted(None, CREATED)
    assert (activity.events, activity.last_event_type, activity.last_event_at) == (1, tickets.CREATED, NOON)


def test_a_later_change_is_the_latest():
    activity = counted(counted(None, CREATED), UPDATED)
    assert (activity.events, activity.last_event_type, activity.last_event_at) == (2, tickets.UPDATED, UPDATED.at)


def test_a_change_that_comes_late_is_counted_and_not_the_latest():
    activity = counted(counted(None, UPDATED), CREATED)
    assert (activity.events, activity.last_event_type, activity.last_event_at) == (2, tickets.UPDATED, UPDATED.at)
