"""Notice events: who was told what by which channel, or why not.

No text of a ticket or comment travels here. `version` counts the notices of a ticket, or of an org those about the org.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Final
from uuid import UUID, uuid5

from pydantic import Field

from opsdash_contracts.base import JsonSchema, OrgEventData, Utc, Version

SENT: Final = "notice.sent"
FAILED: Final = "notice.failed"
SKIPPED: Final = "notice.skipped"

_NAMESPACE: Final = UUID("5b8ad2d4-3d0f-5c43-9a3c-6f1f0e6a7b03")


class Reason(StrEnum):
    """Why somebody is told."""

    ASSIGNED = "assigned"
    MENTIONED = "mentioned"
    COMMENTED = "commented"
    STATUS_CHANGED = "status_changed"
    REOPENED = "reopened"
    SLA_WARNING = "sla_warning"
    SLA_BREACHED = "sla_breached"
    SLA_ESCALATED = "sla_escalated"
    REMINDER = "reminder"
    USAGE = "usage"
    WEBHOOK_DISABLED = "webhook_disabled"
    CHANNEL_DISABLED = "channel_disabled"


#: Reasons that bring nobody a mail until they turn it on.
MAIL_OFF_AT_FIRST: Final = frozenset({Reason.STATUS_CHANGED})


class Channel(StrEnum):
    INBOX = "inbox"
    MAIL = "mail"
    TEAM = "team"


class Why(StrEnum):
    """Why somebody was not told."""

    SEEN = "seen"
    MUTED = "muted"
    TURNED_OFF = "turned_off"
    NOT_A_MEMBER = "not_a_member"
    NO_ADDRESS = "no_address"
    TOO_OLD = "too_old"
    FOLDED = "folded"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class Notice(OrgEventData):
    """One attempt to tell one person, or one team channel, of one event.

    `ticket_id` and `number` are null where it is about the org. `lateness_ms` is the time from the source event to
    `at`; a skipped notice has none.
    """

    event_types: ClassVar[tuple[str, ...]] = (SENT, FAILED, SKIPPED)
    event_source: ClassVar[str] = "/services/notifications"

    notice_id: UUID
    ticket_id: UUID | None
    number: Version | None
    reason: Reason
    channel: Channel
    recipient_id: UUID | None
    channel_id: UUID | None
    source_event_id: UUID
    at: Utc
    lateness_ms: Annotated[int, Field(ge=0, le=2**53 - 1)] | None
    why: Why | None

    @property
    def event_key(self) -> str:
        return str(self.ticket_id or self.org_id)

    def check_as(self, event_type: str) -> None:
        if (self.ticket_id is None) != (self.number is None):
            raise ValueError("a ticket has an id and a number")
        if (self.recipient_id is None) == (self.channel_id is None):
            raise ValueError("either a person or a team channel is told")
        if (self.channel_id is None) == (self.channel is Channel.TEAM):
            raise ValueError("a team channel, and no other, has an id")
        if (self.why is None) != (event_type == SENT):
            raise ValueError("what was not sent says why, and only that")
        if (self.lateness_ms is None) != (event_type == SKIPPED):
            raise ValueError("a skipped notice, and no other, is not late")

    @classmethod
    def narrow(cls, event_type: str, properties: JsonSchema) -> None:
        if event_type == SENT:
            properties["why"] = {"type": "null"}
        else:
            properties["why"] = {"$ref": "#/$defs/Why"}
        if event_type == SKIPPED:
            properties["lateness_ms"] = {"type": "null"}
        else:
            properties["lateness_ms"] = {"maximum": 2**53 - 1, "minimum": 0, "type": "integer"}


def notice_id(org_id: UUID, source_event_id: UUID, recipient: UUID, channel: Channel, reason: Reason) -> UUID:
    """The only id a notice of this event to this person or team channel can have (UUIDv5)."""
    return uuid5(_NAMESPACE, f"{org_id}/{source_event_id}/{recipient}/{channel}/{reason}")
