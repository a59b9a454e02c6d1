"""What happened to the due time of a ticket, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opsdash_sla_monitor.deadlines.model import Step
from opsdash_sla_monitor.deliveries.model import NoticeReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that happened. `notified`: whether a notice was published; None where none was to be.

    `deliveries` are reported by the notifications service; there are none in an installation without it.
    """

    at: datetime
    kind: str
    due_at: datetime
    previous_due_at: datetime | None = None
    rule: str
    actor_id: UUID | None = None
    notified: bool | None = None
    reason: str | None = None
    confirmed: bool | None = None
    lateness_ms: int | None = None
    event_id: UUID | None = None
    deliveries: Sequence[NoticeReport] = ()


@dataclass(frozen=True, slots=True)
class Upcoming:
    """What the monitor waits for."""

    step: Step
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketLedger:
    """Oldest first."""

    entries: Sequence[Happening]
    next: Upcoming | None
