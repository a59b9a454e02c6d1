"""The bodies of the internal routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies."""


class SweepResult(Body):
    """Numbers only: what one sweep did."""

    checked: int
    breached: int
    notified: int
    already_notified: int
    lateness_ms_max: int
    took_ms: int


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


class NextStep(Body):
    """What the monitor waits for."""

    step: str
    at: datetime


class Ledger(Body):
    """Oldest first."""

    entries: list[LedgerEntry]
    next: NextStep | None


def from_event(row: Any, data: dict[str, Any]) -> LedgerEntry:
    """A published event as the ledger tells it."""
    kind = row["event_type"].removeprefix("sla.")
    notice = "confirmed" in data
    return LedgerEntry(
        at=row["occurred_at"],
        kind="warned" if kind == "warning" else kind,
        due_at=_moment(data["due_at"]),
        previous_due_at=_moment(data["previous_due_at"]) if data.get("previous_due_at") else None,
        rule=data["rule"],
        actor_id=row["actor_id"],
        notified=True if notice else data.get("notified"),
        reason=data.get("reason"),
        confirmed=data.get("confirmed"),
        lateness_ms=data.get("lateness_ms"),
        event_id=row["event_id"],
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
