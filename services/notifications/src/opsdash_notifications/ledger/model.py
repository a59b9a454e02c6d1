"""A notice, and what it is about. No clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from opsdash_contracts.notices import Channel, Reason, Why, notice_id

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Source:
    """The event that is told of, and its ticket; `ticket_id` and `number` are None where it is about the org."""

    org_id: UUID
    event_id: UUID
    at: datetime
    ticket_id: UUID | None = None
    number: int | None = None

    @property
    def subject_id(self) -> UUID:
        """What notices are counted by, and rows of the inbox are about."""
        return self.ticket_id or self.org_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of telling one person or team channel: sent where `why` is None, else skipped or failed."""

    recipient: UUID
    channel: Channel
    reason: Reason
    why: Why | None = None
    failed: bool = False

    def notice_id(self, source: Source) -> UUID:
        return notice_id(source.org_id, source.event_id, self.recipient, self.channel, self.reason)


def lateness_ms(source: Source, now: datetime) -> int:
    """From the event to now; clocks of two machines may make that less than nothing."""
    return max(0, round((now - source.at) / _MILLISECOND))
