"""Comment events: one payload for created, updated and deleted.

The text never travels, only the fact that it changed. Messages are keyed by ticket, so that all comments of a ticket
keep their order; the aggregate, and so `ce_subject` and `ce_sequence`, is the comment.
"""

from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import Field, field_validator

from opsdash_contracts.base import JsonSchema, OrgEventData, Utc, Version
from opsdash_contracts.tickets import Changes, FieldChange, describe_changes

CREATED: Final = "ticket_comment.created"
UPDATED: Final = "ticket_comment.updated"
DELETED: Final = "ticket_comment.deleted"
MAXIMUM_MENTIONS: Final = 20

_TEXT_FIELDS: Final = ("body",)
Mentions = Annotated[list[UUID], Field(max_length=MAXIMUM_MENTIONS)]


class CommentEvent(OrgEventData):
    """The comment's state after the change; `ticket_sequence` counts the changes of all comments of its ticket."""

    event_types: ClassVar[tuple[str, ...]] = (CREATED, UPDATED, DELETED)
    event_source: ClassVar[str] = "/services/comments"

    comment_id: UUID
    ticket_id: UUID
    ticket_sequence: Version
    parent_id: UUID | None
    author_id: UUID
    mentions: Mentions
    new_mentions: Mentions
    created_at: Utc
    edited_at: Utc | None
    edited_by: UUID | None
    deleted_at: Utc | None
    changes: Changes

    @property
    def event_subject(self) -> str:
        return str(self.comment_id)

    @property
    def event_key(self) -> str:
        return str(self.ticket_id)

    @field_validator("changes")
    @classmethod
    def _never_the_text(cls, changes: Changes) -> Changes:
        if any(isinstance(change, FieldChange) for name, change in changes.items() if name in _TEXT_FIELDS):
            raise ValueError("a comment's text is only reported as changed")
        return changes

    def check_as(self, event_type: str) -> None:
        if (self.deleted_at is not None) != (event_type == DELETED):
            raise ValueError("a deleted comment, and no other, says when it was deleted")
        if self.parent_id == self.comment_id:
            raise ValueError("a comment is not a reply to itself")
        if not set(self.new_mentions) <= set(self.mentions) or len(set(self.mentions)) < len(self.mentions):
            raise ValueError("every person is mentioned once, and the new ones are among them")

    @classmethod
    def narrow(cls, event_type: str, properties: JsonSchema) -> None:
        describe_changes(properties["changes"], *_TEXT_FIELDS)
        if event_type == DELETED:
            properties["deleted_at"] = {"format": "date-time", "type": "string"}
        else:
            properties["deleted_at"] = {"type": "null"}
