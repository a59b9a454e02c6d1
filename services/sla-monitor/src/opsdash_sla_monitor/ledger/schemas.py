"""The body of a ticket's ledger."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies."""


class LedgerDelivery(Body):
    """What became of a notice to one person, or one team channel.

    `channel`: inbox, mail, team. `state`: sent, failed, skipped. `why` says why it was not sent.
    """

    recipient_id: UUID | None
    channel_id: UUID | None
    channel: str
    reason: str
    state: str
    at: datetime
    why: str | None


class LedgerEntry(Body, kw_only=True):
    """One thing that happened to the due time. `notified`: whether a notice was published; null where none was to be.

    `kind`: scheduled, rescheduled, cancelled, warned, breached, met, missed. `reason` says why none was.
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
    deliveries: list[LedgerDelivery] = msgspec.field(default_factory=list)


class NextStep(Body):
    """What the monitor waits for."""

    step: str
    at: datetime


class Ledger(Body):
    """Oldest first."""

    entries: list[LedgerEntry]
    next: NextStep | None
