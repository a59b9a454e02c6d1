"""What can be done with comments: each function takes an open unit of work, never commits, and knows its thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import opsdash_markdown as markdown
import uuid_utils.compat as uuid_utils
from opsdash_chassis.database.unit_of_work import UnitOfWork
from opsdash_contracts import comments as events
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_markdown import Rendered
from opsdash_tenancy.versions import ExpectedVersions, check_version

from opsdash_comments.access.policy import Access
from opsdash_comments.comments import model, repository
from opsdash_comments.comments.events import comment_event
from opsdash_comments.comments.index_model import AT_ONCE, index_of
from opsdash_comments.comments.model import Comment
from opsdash_comments.comments.rows import CommentView
from opsdash_comments.errors import FieldProblem, InvalidFields, NotFound, ParentDeleted
from opsdash_comments.threads.model import Thread


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment as asked for, and its text as HTML."""

    body: str
    rendered: Rendered
    parent_id: UUID | None
    mentions: tuple[UUID, ...]


async def create_comment(work: UnitOfWork, access: Access, thread: Thread, new: NewComment) -> CommentView:
    """Add a comment or a reply to a locked thread; how it is shown. Raises InvalidFields or ParentDeleted."""
    parent_id = None if new.parent_id is None else await _top_of(work, thread, new.parent_id)
    comment = _first_version(work, access, thread, new, parent_id)
    await _check_members(work, access, comment.mentions)
    event = _event(work, access, thread, events.CREATED, None, comment)
    return await repository.insert(work, comment, new.rendered, await _found_by(comment), event)


async def edit_comment(
    work: UnitOfWork,
    access: Access,
    thread: Thread,
    comment_id: UUID,
    *,
    body: str | None,
    rendered: Rendered | None,
    mentions: Sequence[UUID] | None,
    if_match: ExpectedVersions,
) -> Comment:
    """Change text (with its HTML) or mentions, keeping the old text; a no-op changes nothing.

    Raises NotFound, Forbidden, StaleVersion, CommentDeleted or InvalidFields.
    """
    before = await _for_change(work, access, thread, comment_id)
    check_version(before.version, if_match)
    after = model.edited(before, body=body, mentions=mentions, actor_id=access.user_id, now=work.now)
    if after is before:
        return before
    await _check_members(work, access, model.added(before.mentions, after.mentions))
    if after.body != before.body:
        await repository.keep_revision(work.connection, before)
    event = _event(work, access, thread, events.UPDATED, before, after)
    await repository.update(work, after, rendered, await _found_by(after), event)
    return after


async def delete_comment(
    work: UnitOfWork, access: Access, thread: Thread, comment_id: UUID, *, if_match: ExpectedVersions
) -> None:
    """Leave a tombstone; doing it again changes nothing. Raises NotFound, Forbidden or StaleVersion."""
    before = await _for_change(work, access, thread, comment_id)
    if before.deleted_at is not None:
        return
    check_version(before.version, if_match)
    after = model.tombstone(before, actor_id=access.user_id, now=work.now)
    await repository.forget_revisions(work.connection, after)
    nothing = Rendered("", markdown.VERSION)
    event = _event(work, access, thread, events.DELETED, before, after)
    await repository.update(work, after, nothing, await _found_by(after), event)


async def _found_by(comment: Comment) -> str:
    """What the comment is found by; of a long one made beside the event loop."""
    if len(comment.body) <= AT_ONCE:
        return index_of(comment.org_id, comment.body)
    return await asyncio.to_thread(index_of, comment.org_id, comment.body)


def _first_version(
    work: UnitOfWork, access: Access, thread: Thread, new: NewComment, parent_id: UUID | None
) -> Comment:
    return Comment(
        id=uuid_utils.uuid7(),
        org_id=access.org_id,
        ticket_id=thread.ticket_id,
        parent_id=parent_id,
        author_id=access.user_id,
        body=new.body,
        mentions=model.once_each(new.mentions),
        created_at=model.next_moment(work.now, thread.last_comment_at),
        edited_at=None,
        edited_by=None,
        deleted_at=None,
        deleted_by=None,
        version=1,
    )


async def _for_change(work: UnitOfWork, access: Access, thread: Thread, comment_id: UUID) -> Comment:
    comment = await repository.find(work.connection, thread, comment_id)
    if comment is None:
        raise NotFound
    model.check_may_change(access, comment)
    return comment


async def _top_of(work: UnitOfWork, thread: Thread, parent_id: UUID) -> UUID:
    """Foreign, unknown and other tickets' comments get the same field error."""
    parent = await repository.find(work.connection, thread, parent_id)
    if parent is None:
        raise InvalidFields([FieldProblem("/parent_id", "unknown-reference", "does not exist here")])
    if parent.deleted_at is not None:
        raise ParentDeleted
    return parent.top_id


async def _check_members(work: UnitOfWork, access: Access, people: tuple[UUID, ...]) -> None:
    if people and await repository.missing_members(work.connection, access.org_id, people):
        raise InvalidFields([FieldProblem("/mentions", "unknown-reference", "names somebody who is not a member here")])


def _event(
    work: UnitOfWork, access: Access, thread: Thread, event_type: str, before: Comment | None, after: Comment
) -> Event[CommentEvent]:
    return comment_event(
        event_type,
        before,
        after,
        ticket_sequence=thread.next_sequence,
        actor_id=access.user_id,
        now=work.now,
    )
