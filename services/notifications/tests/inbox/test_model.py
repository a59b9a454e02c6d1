"""What comes too late for a mail, and what is told nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from opsdash_contracts.notices import Reason
from opsdash_notifications.inbox.model import is_silent
from opsdash_notifications.ledger.model import is_too_old

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("reason", Reason)
def test_six_hours_are_too_late_and_a_day_for_a_breach(reason: Reason):
    limit = timedelta(hours=24 if reason is Reason.SLA_BREACHED else 6)
    assert not is_too_old(reason, NOON - limit, NOON)
    assert is_too_old(reason, NOON - limit - timedelta(seconds=1), NOON)


def test_what_is_sent_again_or_older_than_the_service_is_notified_nobody():
    assert is_silent(replayed=True, at=NOON, installed_at=NOON)
    assert is_silent(replayed=False, at=NOON - timedelta(seconds=1), installed_at=NOON)
    assert not is_silent(replayed=False, at=NOON, installed_at=NOON)
