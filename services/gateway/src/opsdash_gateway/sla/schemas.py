"""What the routes of due times answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec
from opsdash_contracts.notices import Channel, Reason, Why
from opsdash_contracts.sla import SlaRule


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies."""


class SlaPerson(Body, kw_only=True):
    """Who changed the ticket; they may have left since."""

    id: UUID
    name: str
    active: bool


class NoticeState(StrEnum):
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


class SlaNow(Body, kw_only=True):
    """Where the ticket stands against its due time."""

    sla_due_at: datetime | None
    sla_source: str | None
    sla_state: str


class SlaDelivery(Body, kw_only=True):
    """What became of a notice to one person, or to the team channel `channel_id`, whose name is null
    while the notifications service does not say it.

    `why` says why it was not sent: seen, muted, turned_off, not_a_member, no_address, too_old, folded, refused or
    unreachable. A notice that failed may still be sent.
    """

    recipient: SlaPerson | None
    channel_id: UUID | None
    channel_name: str | None
    channel: Channel
    reason: Reason
    state: NoticeState
    at: datetime
    why: Why | None


class SlaLedgerEntry(Body, kw_only=True):
    """One thing that happened to the due time, by which rule and by whom (null: the system).

    `kind`: scheduled, rescheduled, cancelled, warned, breached, met, missed. `notified` true: an event was published
    (`event_id`); who was told is in `deliveries`, which is empty in an installation without notifications. It is null
    where there was none to publish; when it is false, `reason` says why: support_not_in_plan, already_notified or
    changed_before_noticed.
    """

    at: datetime
    kind: str
    due_at: datetime
    previous_due_at: datetime | None
    rule: SlaRule
    actor: SlaPerson | None
    notified: bool | None
    reason: str | None
    confirmed: bool | None
    lateness_ms: int | None
    event_id: UUID | None
    deliveries: list[SlaDelivery]


class SlaNextStep(Body, kw_only=True):
    """What the monitor waits for: `warning` or `breach`."""

    step: str
    at: datetime


class SlaLedger(Body, kw_only=True):
    """Answers "why is this due then, and was an event published about it, or why not?"; entries oldest first."""

    ticket_id: UUID
    number: int
    priority: str
    sla: SlaNow
    next: SlaNextStep | None
    entries: list[SlaLedgerEntry]
    as_of: datetime


class SweepResult(Body, kw_only=True):
    """What one sweep did; numbers only. `notified` breaches had their event published, for the first time; lateness
    is theirs.
    """

    checked: int
    breached: int
    notified: int
    already_notified: int
    lateness_ms_max: int
    took_ms: int
