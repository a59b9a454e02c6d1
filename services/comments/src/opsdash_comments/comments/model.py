"""The rules of a comment: pure functions over plain values; no clock, no database, no framework."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opsdash_comments.access.policy import Access, CommentAction
from opsdash_comments.errors import CommentDeleted, Forbidden

_SHORTEST_STEP: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment's own state. A deleted one is a tombstone: no text, no mentions."""

    id: UUID
    org_id: UUID
    ticket_id: UUID
    parent_id: UUID | None
    author_id: UUID
    body: str
    mentions: tuple[UUID, ...]
    created_at: datetime
    edited_at: datetime | None
    edited_by: UUID | None
    deleted_at: datetime | None
    deleted_by: UUID | None
    version: int

    @property
    def top_id(self) -> UUID:
        """What a reply to this comment hangs on: there is one level of replies."""
        return self.parent_id or self.id


def next_moment(now: datetime, last: datetime | None) -> datetime:
    """Creation times of a ticket's comments only grow, also when a transaction waited for another's lock."""
    return now if last is None else max(now, last + _SHORTEST_STEP)


def once_each(people: Sequence[UUID]) -> tuple[UUID, ...]:
    """Every person once, in the order of their first mention."""
    return tuple(dict.fromkeys(people))


def added(before: Collection[UUID], after: Sequence[UUID]) -> tuple[UUID, ...]:
    """Whom a change mentions who was not mentioned before."""
    return tuple(person for person in after if person not in before)


def may_change(access: Access, author_id: UUID) -> bool:
    """The author while they may comment, or somebody who moderates."""
    own = access.user_id == author_id and access.may(CommentAction.COMMENT)
    return own or access.may(CommentAction.MODERATE)


def check_may_change(access: Access, comment: Comment) -> None:
    """Raises Forbidden."""
    if not may_change(access, comment.author_id):
        raise Forbidden


def edited(
    comment: Comment, *, body: str | None, mentions: Sequence[UUID] | None, actor_id: UUID, now: datetime
) -> Comment:
    """The comment with what is given changed; the same comment when that changes nothing. None keeps a value.

    Raises CommentDeleted.
    """
    if comment.deleted_at is not None:
        raise CommentDeleted
    after = comment
    if mentions is not None:
        after = replace(after, mentions=once_each(mentions))
    if body is not None and body != comment.body:
        after = replace(after, body=body, edited_at=now, edited_by=actor_id)
    return comment if after == comment else replace(after, version=comment.version + 1)


def tombstone(comment: Comment, *, actor_id: UUID, now: datetime) -> Comment:
    """The text goes at once; who wrote when, and the replies, stay."""
    return replace(comment, body="", mentions=(), deleted_at=now, deleted_by=actor_id, version=comment.version + 1)
