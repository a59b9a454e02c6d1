"""SLA events: a timer started, moved or stopped; somebody is to be told; how it ended.

No text of a ticket travels here, only its number. `version` counts a ticket's SLA events.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal
from uuid import UUID, uuid5

from pydantic import Field

from opsdash_contracts.base import JsonSchema, OrgEventData, Utc, Version
from opsdash_contracts.tickets import Priority, SlaSource

SCHEDULED: Final = "sla.scheduled"
RESCHEDULED: Final = "sla.rescheduled"
CANCELLED: Final = "sla.cancelled"
WARNING: Final = "sla.warning"
BREACHED: Final = "sla.breached"
MET: Final = "sla.met"
MISSED: Final = "sla.missed"

#: Why nobody was told of a miss: the ticket was changed after its due time, before the monitor had noticed.
CHANGED_BEFORE_NOTICED: Final = "changed_before_noticed"

_NAMESPACES: Final = {
    BREACHED: UUID("5b8ad2d4-3d0f-5c43-9a3c-6f1f0e6a7b01"),
    WARNING: UUID("5b8ad2d4-3d0f-5c43-9a3c-6f1f0e6a7b02"),
}


class SlaRule(StrEnum):
    """Why the event happened."""

    PRIORITY = "priority"
    MANUAL = "manual"
    RECOMPUTED = "recomputed"
    REOPENED = "reopened"
    RESTORED = "restored"
    CLEARED = "cleared"
    DELETED = "deleted"
    FINISHED = "finished"
    WINDOW_NEARLY_GONE = "window_nearly_gone"
    DUE_TIME_PASSED = "due_time_passed"


class SlaEvent(OrgEventData):
    """What every SLA event says; `due_at` is the due time it is about."""

    event_source: ClassVar[str] = "/services/sla-monitor"

    ticket_id: UUID
    number: Version
    ticket_version: Version
    priority: Priority
    assignee_id: UUID | None
    created_by: UUID
    due_at: Utc
    rule: SlaRule

    @property
    def event_key(self) -> str:
        return str(self.ticket_id)


class SlaTimer(SlaEvent):
    """A timer runs, runs to another time, or runs no more."""

    event_types: ClassVar[tuple[str, ...]] = (SCHEDULED, RESCHEDULED, CANCELLED)

    sla_source: SlaSource | None
    previous_due_at: Utc | None

    def check_as(self, event_type: str) -> None:
        if (self.previous_due_at is not None) != (event_type == RESCHEDULED):
            raise ValueError("a moved due time says what it was before, and only that")

    @classmethod
    def narrow(cls, event_type: str, properties: JsonSchema) -> None:
        moment = {"format": "date-time", "type": "string"}
        properties["previous_due_at"] = moment if event_type == RESCHEDULED else {"type": "null"}


class SlaNotice(SlaEvent):
    """Somebody is to be told, once per ticket and due time: the event id is `notice_id` of these, for ever.

    `confirmed` false: the owner of the ticket could not be asked whether it is still so.
    """

    event_types: ClassVar[tuple[str, ...]] = (WARNING, BREACHED)

    detected_at: Utc
    lateness_ms: Annotated[int, Field(ge=0, le=2**53 - 1)]
    confirmed: bool

    def check_as(self, event_type: str) -> None:
        if (self.detected_at > self.due_at) != (event_type == BREACHED):
            raise ValueError("a breach is noticed after the due time, a warning is not")


def _is_none(value: object) -> bool:
    return value is None


class SlaOutcome(SlaEvent):
    """How the timer ended: the ticket was resolved or closed at `finished_at`.

    A timer also ends as missed when its due time had passed, nobody had been told so, and then the due time was moved
    or cleared or the ticket deleted, at `finished_at`. `notified` is false and `reason` says why, where nobody was
    told of the miss and nobody will be; otherwise they are absent.
    """

    event_types: ClassVar[tuple[str, ...]] = (MET, MISSED)

    finished_at: Utc
    notified: Literal[False] | None = Field(default=None, exclude_if=_is_none)
    reason: Annotated[str, Field(pattern=r"^[a-z_]{1,50}$")] | None = Field(default=None, exclude_if=_is_none)

    def check_as(self, event_type: str) -> None:
        if (self.finished_at > self.due_at) != (event_type == MISSED):
            raise ValueError("finished after the due time is missed, everything else is met")
        if (self.notified is None) != (self.reason is None):
            raise ValueError("a miss that nobody was told of says why, and only that")
        if self.notified is not None and event_type != MISSED:
            raise ValueError("nobody is told of a due time that was met")


def notice_id(event_type: str, org_id: UUID, ticket_id: UUID, due_at: datetime) -> UUID:
    """The only event id a breach or a warning of this ticket at this due time can have (UUIDv5)."""
    due = due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return uuid5(_NAMESPACES[event_type], f"{org_id}/{ticket_id}/{due}")
