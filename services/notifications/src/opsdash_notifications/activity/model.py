"""The rule by which events of a ticket are counted. Pure functions; no clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TicketChange:
    """One event of a ticket, as far as it is counted."""

    org_id: UUID
    ticket_id: UUID
    number: int
    event_type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketActivity:
    """How many events of a ticket were applied, from 1, and which of them happened last."""

    org_id: UUID
    ticket_id: UUID
    number: int
    events: int
    last_event_type: str
    last_event_at: datetime


def counted(before: TicketActivity | None, change: TicketChange) -> TicketActivity:
    """The activity with one change more; a change that comes late leaves the latest one as it is."""
    late = before is not None and before.last_event_at > change.at
    return TicketActivity(
        org_id=change.org_id,
        ticket_id=change.ticket_id,
        number=change.number,
        events=1 if before is None else before.events + 1,
        last_event_type=before.last_event_type if before is not None and late else change.event_type,
        last_event_at=before.last_event_at if before is not None and late else change.at,
    )
