"""The REST bodies of comments. Field names are those of the database and the events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from opsdash_contracts.comments import MAXIMUM_MENTIONS
from opsdash_contracts.workspace import Role
from opsdash_markdown import Rendered

from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.comments import model, validation
from opsdash_comments.comments.rows import CommentView, RevisionView
from opsdash_comments.comments.service import NewComment
from opsdash_comments.people.model import People

UNKNOWN_NAME = "Unknown"
Text = Annotated[str, Meta(min_length=1, max_length=validation.MAXIMUM_BODY, description="Markdown, stored as it is")]
Mentions = Annotated[
    list[UUID], Meta(max_length=MAXIMUM_MENTIONS, description="User ids of active members; each counts once")
]


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of all bodies: unknown fields are refused, never silently dropped."""


class CreateComment(Body):
    """A new comment; with `parent_id` a reply. A reply to a reply joins the same top comment."""

    body: Text
    parent_id: UUID | None = None
    mentions: Mentions = []

    def to_new_comment(self, rendered: Rendered) -> NewComment:
        """Raises InvalidFields."""
        return NewComment(validation.body(self.body), rendered, self.parent_id, tuple(self.mentions))


class PatchComment(Body):
    """A JSON Merge Patch (RFC 7396): absent leaves a field as it is; `mentions` null mentions nobody."""

    body: Text | UnsetType = UNSET
    mentions: Mentions | UnsetType | None = UNSET

    def new_body(self) -> str | None:
        """None leaves it. Raises InvalidFields."""
        return None if self.body is UNSET else validation.body(self.body)

    def new_mentions(self) -> list[UUID] | None:
        """None leaves them."""
        return None if self.mentions is UNSET else self.mentions or []


class Person(Body):
    """A member of the org, or somebody who was one."""

    id: UUID
    name: str
    active: bool


class Author(Person):
    """Who wrote a comment; `role` is what they are now, null for somebody who left."""

    role: Role | None


class Comment(Body):
    """A comment; `body` and `body_html` are null in a deleted one. `may_change`: the caller may edit and delete it."""

    id: UUID
    ticket_id: UUID
    parent_id: UUID | None
    author: Author
    body: str | None
    body_html: Annotated[str | None, Meta(description="Rendered and sanitised: safe to put into a page")]
    mentions: list[Person]
    created_at: datetime
    edited_at: datetime | None
    edited_by: Person | None
    deleted_at: datetime | None
    version: int
    may_change: bool


class CommentPage(Body):
    """Comments and replies in the order they were made; `next_cursor` null means the end."""

    items: list[Comment]
    next_cursor: str | None
    permissions: list[CommentAction]


class Revision(Body):
    """A text that was replaced later; `version` is the comment's version that wrote it."""

    version: int
    body: str
    body_html: str
    written_at: datetime
    written_by: Person


class RevisionPage(Body):
    """Replaced texts, oldest first."""

    items: list[Revision]
    next_cursor: str | None


def comment_of(row: CommentView, html: str, people: People, access: Access) -> Comment:
    """One row of the view with its text as HTML, as it is answered to this caller."""
    gone = row.deleted_at is not None
    return Comment(
        id=row.id,
        ticket_id=row.ticket_id,
        parent_id=row.parent_id,
        author=_author(row.author_id, people),
        body=None if gone else row.body,
        body_html=None if gone else html,
        mentions=[_mentioned(user_id, people) for user_id in row.mentions],
        created_at=row.created_at,
        edited_at=row.edited_at,
        edited_by=_person(row.edited_by, people) if row.edited_by else None,
        deleted_at=row.deleted_at,
        version=row.version,
        may_change=not gone and model.may_change(access, row.author_id),
    )


def revision_of(row: RevisionView, html: str, people: People) -> Revision:
    return Revision(
        version=row.version,
        body=row.body,
        body_html=html,
        written_at=row.written_at,
        written_by=_person(row.written_by, people),
    )


def _author(user_id: UUID, people: People) -> Author:
    who = people[user_id]
    return Author(id=user_id, name=who.name or UNKNOWN_NAME, active=who.active, role=who.role)


def _person(user_id: UUID, people: People) -> Person:
    who = people[user_id]
    return Person(id=user_id, name=who.name or UNKNOWN_NAME, active=who.active)


def _mentioned(user_id: UUID, people: People) -> Person:
    """The text shows how somebody was called whose name is not known any more."""
    who = people[user_id]
    return Person(id=user_id, name=who.name, active=who.active)
