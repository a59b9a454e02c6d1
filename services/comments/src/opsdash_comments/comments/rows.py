"""Comments and their earlier texts as the views show them: what they answer with, before it becomes a body."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from opsdash_chassis.database.row import Row


class CommentView(Row, frozen=True):
    """A comment. `body_html` is None where it was made by other rules than today's."""

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
    mentions: Sequence[UUID]

    @property
    def people(self) -> set[UUID]:
        """Whom it names."""
        return {self.author_id, *self.mentions, *([self.edited_by] if self.edited_by else [])}


class PagedComment(CommentView, frozen=True):
    """One of a page; `found` is how many there are, one more than fit on a page by number at most."""

    found: int


class RevisionView(Row, frozen=True):
    """An earlier text, one of a page. `body_html` and `found` as above."""

    version: int
    body: str
    body_html: str | None
    written_at: datetime
    written_by: UUID
    found: int


def people_of(comments: Iterable[CommentView]) -> set[UUID]:
    """Whom the comments name."""
    return set[UUID]().union(*(comment.people for comment in comments))
