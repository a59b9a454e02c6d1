"""Which reports of notices are about a due time."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from opsdash_contracts.envelope import Event
from opsdash_contracts.notices import SENT, SKIPPED, Channel, Notice, Reason, Why
from opsdash_sla_monitor.deliveries.model import REASONS, report_of

NOW = datetime(2026, 3, 3, 9, 15, tzinfo=UTC)


def reported(reason: Reason, event_type: str = SENT, why: Why | None = None, *, ticket: bool = True) -> Event[Notice]:
    notice = Notice(
        org_id=uuid4(), version=3, notice_id=uuid4(), ticket_id=uuid4() if ticket else None,
        number=41 if ticket else None, reason=reason, channel=Channel.INBOX, recipient_id=uuid4(), channel_id=None,
        source_event_id=uuid4(), at=NOW, lateness_ms=None if event_type == SKIPPED else 12, why=why,
    )  # fmt: skip
    return Event.of(notice, type=event_type, id=uuid4(), time=NOW)


@pytest.mark.parametrize("reason", Reason)
def test_only_notices_about_due_times_are_kept(reason: Reason) -> None:
    assert (report_of(reported(reason)) is not None) == (reason in REASONS)


def test_what_was_not_sent_says_why() -> None:
    report = report_of(reported(Reason.SLA_BREACHED, SKIPPED, Why.MUTED))
    assert report is not None
    assert (report.state, report.why, report.version) == ("skipped", "muted", 3)


def test_a_notice_about_the_org_belongs_to_no_ledger() -> None:
    assert report_of(reported(Reason.SLA_BREACHED, ticket=False)) is None
