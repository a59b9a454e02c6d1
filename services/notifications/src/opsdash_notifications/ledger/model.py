"""A notice, and what it is about. No clock, no database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from opsdash_contracts.notices import Channel, Reason, Why, notice_id

#: How old an event may be when it is handled and still leave the product, by mail or to a chat.
FRESH: Final = timedelta(hours=6)
FRESH_BREACH: Final = timedelta(hours=24)
#: Notices that are recorded in one transaction, so that none holds the counters of thousands of tickets.
RECORDED_AT_ONCE: Final = 500
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


class Waiting(Protocol):
    """A notice that waited to leave, as a queue keeps it."""

    @property
    def reason(self) -> str: ...
    @property
    def ticket_id(self) -> UUID | None: ...
    @property
    def number(self) -> int | None: ...
    @property
    def source_event_id(self) -> UUID: ...
    @property
    def source_at(self) -> datetime: ...


def is_too_old(reason: Reason, at: datetime, now: datetime) -> bool:
    """Whether it is too late to tell it by mail or in a chat."""
    return now - at > (FRESH_BREACH if reason is Reason.SLA_BREACHED else FRESH)


def lateness_ms(source: Source, now: datetime) -> int:
    """From the event to now; clocks of two machines may make that less than nothing."""
    return max(0, round((now - source.at) / _MILLISECOND))
