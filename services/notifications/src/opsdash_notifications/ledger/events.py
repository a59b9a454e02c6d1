"""From what became of a notice to the event that is published: the one mapping between the two."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from opsdash_chassis.observability.tracing import current_traceparent
from opsdash_contracts import notices
from opsdash_contracts.envelope import Event
from opsdash_contracts.notices import Channel, Notice

from opsdash_notifications.ledger.model import Outcome, Source, lateness_ms


def event_id(source: Source, outcome: Outcome) -> UUID:
    """The only id the event of this outcome can have, so that it cannot be recorded twice."""
    return uuid5(outcome.notice_id(source), event_type(outcome))


def event_type(outcome: Outcome) -> str:
    if outcome.why is None:
        return notices.SENT
    return notices.FAILED if outcome.failed else notices.SKIPPED


def notice_event(source: Source, outcome: Outcome, *, sequence: int, now: datetime) -> Event[Notice]:
    """`sequence` counts the notices of the ticket, or of the org."""
    kind, to_team = event_type(outcome), outcome.channel is Channel.TEAM
    data = Notice(
        org_id=source.org_id,
        version=sequence,
        notice_id=outcome.notice_id(source),
        ticket_id=source.ticket_id,
        number=source.number,
        reason=outcome.reason,
        channel=outcome.channel,
        recipient_id=None if to_team else outcome.recipient,
        channel_id=outcome.recipient if to_team else None,
        source_event_id=source.event_id,
        at=now,
        lateness_ms=None if kind == notices.SKIPPED else lateness_ms(source, now),
        why=outcome.why,
    )
    return Event.of(data, type=kind, id=event_id(source, outcome), time=now, traceparent=current_traceparent())
