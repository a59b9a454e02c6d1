"""Comments and their earlier texts as the views show them: what they answer with, before it becomes a body."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.row import Row


class CommentView(Row, frozen=True):
    """A comment with the names of its people; `mentions` is JSON, None where nobody is mentioned.

    `body_html` is None where it was made by other rules than today's.
    """

    id: UUID
    ticket_id: UUID
    parent_id: UUID | None
    author_id: UUID
    body: str
    body_html: str | None
    created_at: datetime
    edited_at: datetime | None
    edited_by: UUID | None
    deleted_at: datetime | None
    version: int
    mentions: str | None
    author_name: str | None
    author_role: str | None
    author_active: bool | None
    editor_name: str | None
    editor_active: bool | None


class PagedComment(CommentView, frozen=True):
    """One of a page; `found` is how many there are, one more than fit on a page by number at most."""

    found: int


class RevisionView(Row, frozen=True):
    """An earlier text, one of a page, with the name of who wrote it. `body_html` and `found` as above."""

    version: int
    body: str
    body_html: str | None
    written_at: datetime
    written_by: UUID
    writer_name: str | None
    writer_active: bool | None
    found: int
