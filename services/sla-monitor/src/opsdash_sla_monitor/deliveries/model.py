"""One report of a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opsdash_contracts.envelope import Event
from opsdash_contracts.notices import Notice, Reason

REASONS: Final = frozenset({Reason.SLA_WARNING, Reason.SLA_BREACHED, Reason.SLA_ESCALATED})


@dataclass(frozen=True, slots=True)
class NoticeReport:
    """The newest state of one notice. `state`: sent, failed, skipped; `why` says why it was not sent."""

    org_id: UUID
    ticket_id: UUID
    notice_id: UUID
    source_event_id: UUID
    version: int
    reason: str
    channel: str
    recipient_id: UUID | None
    channel_id: UUID | None
    state: str
    at: datetime
    why: str | None


def report_of(event: Event[Notice]) -> NoticeReport | None:
    """None where the notice is not about a due time."""
    notice = event.data
    if notice.reason not in REASONS or notice.ticket_id is None:
        return None
    return NoticeReport(
        org_id=notice.org_id,
        ticket_id=notice.ticket_id,
        notice_id=notice.notice_id,
        source_event_id=notice.source_event_id,
        version=notice.version,
        reason=notice.reason,
        channel=notice.channel,
        recipient_id=notice.recipient_id,
        channel_id=notice.channel_id,
        state=event.envelope.type.removeprefix("notice."),
        at=notice.at,
        why=notice.why,
    )
