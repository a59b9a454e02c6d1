"""Ticket events: one payload for created, updated, deleted, restored and purged.

The description never travels, only the fact that it changed.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, StringConstraints, field_validator

from opsdash_contracts.base import NO_NUL, Count, Frozen, JsonSchema, OrgEventData, Utc, Version

CREATED: Final = "support_ticket.created"
UPDATED: Final = "support_ticket.updated"
DELETED: Final = "support_ticket.deleted"
RESTORED: Final = "support_ticket.restored"
PURGED: Final = "support_ticket.purged"

_TEXT_FIELDS: Final = ("description",)


class Status(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(StrEnum):
    URGENT = "urgent"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Category(StrEnum):
    GENERAL = "general"
    BILLING = "billing"
    TECHNICAL = "technical"
    ACCOUNT = "account"
    FEATURE_REQUEST = "feature_request"


class SlaSource(StrEnum):
    AUTO = "auto"
    MANUAL = "manual"


class Outcome(StrEnum):
    """How the due time of a finished ticket ended; `none`: there was none."""

    MET = "met"
    MISSED = "missed"
    NONE = "none"


def _as_json_scalar(value: object) -> object:
    """Producers hand over domain values; on the wire a change holds what the field itself would hold."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a changed time needs an offset")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, UUID):
        return str(value)
    return value.value if isinstance(value, StrEnum) else value


_Text = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]
_Number = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Scalar = Annotated[bool | _Number | _Text | None, BeforeValidator(_as_json_scalar)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class FieldChange(Frozen):
    """A field's value before and after; times, ids and enums may be given as such."""

    from_: Scalar = Field(alias="from")
    to: Scalar

    @classmethod
    def of(cls, before: object, after: object) -> Self:
        return cls.model_validate({"from": before, "to": after})


class TextChanged(Frozen):
    """Long text changed; what it said stays with its owner."""

    changed: Literal[True]


Changes = Annotated[dict[FieldName, FieldChange | TextChanged], Field(max_length=50)]


def describe_changes(schema: JsonSchema, *texts: str) -> None:
    """Say in the schema of `Changes` which names and values it has; those of `texts` are told as changed only.

    As a map with one type of value: generators of code ignore `patternProperties`, and make of `properties` a class
    that has no others. What `if` and `then` say is for validators.
    """
    ((pattern, change),) = schema.pop("patternProperties").items()
    schema["propertyNames"] = {"pattern": pattern}
    schema["additionalProperties"] = change
    schema["if"] = {"anyOf": [{"required": [name]} for name in texts]}
    schema["then"] = {"properties": {name: {"$ref": "#/$defs/TextChanged"} for name in texts}}


class TicketEvent(OrgEventData):
    """The ticket's state after the change, and what changed.

    `sla_outcome` is there from finishing to reopening, and null otherwise; earlier releases did not say it.
    """

    event_types: ClassVar[tuple[str, ...]] = (CREATED, UPDATED, DELETED, RESTORED, PURGED)
    event_source: ClassVar[str] = "/services/tickets"

    ticket_id: UUID
    number: Version
    title: _Text
    status: Status
    priority: Priority
    category: Category
    assignee_id: UUID | None
    contact_id: UUID | None
    project_id: UUID | None
    created_by: UUID
    sla_due_at: Utc | None
    sla_source: SlaSource | None
    sla_outcome: Outcome | None = None
    first_response_at: Utc | None
    resolved_at: Utc | None
    closed_at: Utc | None
    reopen_count: Count
    comment_count: Count | None = None
    created_at: Utc
    updated_at: Utc
    deleted_at: Utc | None
    bulk_id: UUID | None = None
    changes: Changes

    @property
    def event_key(self) -> str:
        return str(self.ticket_id)

    @field_validator("changes")
    @classmethod
    def _never_the_text(cls, changes: Changes) -> Changes:
        if any(isinstance(change, FieldChange) for name, change in changes.items() if name in _TEXT_FIELDS):
            raise ValueError("a long text is only reported as changed")
        return changes

    def check_as(self, event_type: str) -> None:
        if (self.title == "") != (event_type == PURGED):
            raise ValueError("the title is empty in a purged ticket and only there")
        if event_type == PURGED and isinstance(self.changes.get("title"), FieldChange):
            raise ValueError("a purge does not repeat the title it removed")
        if event_type in {DELETED, PURGED} and self.deleted_at is None:
            raise ValueError("a deleted ticket says when it was deleted")
        if event_type in {CREATED, RESTORED} and self.deleted_at is not None:
            raise ValueError("a living ticket has no deletion time")

    @classmethod
    def narrow(cls, event_type: str, properties: JsonSchema) -> None:
        describe_changes(properties["changes"], *_TEXT_FIELDS, *(["title"] if event_type == PURGED else []))
        if event_type == PURGED:
            properties["title"] = {"const": "", "type": "string"}
        else:
            properties["title"]["minLength"] = 1
        if event_type in {DELETED, PURGED}:
            properties["deleted_at"] = {"format": "date-time", "type": "string"}
        if event_type in {CREATED, RESTORED}:
            properties["deleted_at"] = {"type": "null"}
