"""SQL of comments. Every statement names the org; row-level security stands underneath."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opsdash_chassis.database.pools import Connection, Record
from opsdash_chassis.database.unit_of_work import RECORDED, UnitOfWork
from opsdash_chassis.text import search_index
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import COMMENTS
from opsdash_markdown import Rendered

from opsdash_comments.comments.model import Comment
from opsdash_comments.comments.rows import CommentView
from opsdash_comments.threads.model import Thread

_STATE = """
id, org_id, ticket_id, parent_id, author_id, body, mentions, created_at, edited_at, edited_by, deleted_at, deleted_by,
version
"""
_FIND = f"SELECT {_STATE} FROM comments WHERE org_id = $1 AND ticket_id = $2 AND id = $3"  # noqa: S608 - our columns
# A change of a comment takes its place in the thread with the same statement; a new one is answered as it is shown.
_NEW = "org_id, id, ticket_id, parent_id, author_id, created_at, version, body, body_html, renderer, mentions"
_NEW_VALUES = ", ".join(f"${place}" for place in range(1, 12))
_INSERT = f"""
WITH advanced AS (UPDATE threads SET last_sequence = $12, last_comment_at = $6 WHERE org_id = $1 AND ticket_id = $3),
{RECORDED}
INSERT INTO comments ({_NEW}, search, search_version)
VALUES ({_NEW_VALUES}, $13::text::tsvector, {search_index.VERSION})
"""  # noqa: S608 - our own texts
_UPDATE = f"""
WITH advanced AS (UPDATE threads SET last_sequence = $13 WHERE org_id = $1 AND ticket_id = $12), {RECORDED}
UPDATE comments SET version = $3, body = $4, body_html = coalesce($5, body_html), renderer = coalesce($6, renderer),
       mentions = $7, edited_at = $8, edited_by = $9, deleted_at = $10, deleted_by = $11,
       search = $14::text::tsvector, search_version = {search_index.VERSION}
WHERE org_id = $1 AND id = $2
"""  # noqa: S608 - a number
_KEEP_REVISION = """
INSERT INTO revisions (org_id, comment_id, version, body, body_html, renderer, written_at, written_by)
SELECT org_id, id, version, body, body_html, renderer, coalesce(edited_at, created_at), coalesce(edited_by, author_id)
FROM comments WHERE org_id = $1 AND id = $2
"""
_FORGET_REVISIONS = "DELETE FROM revisions WHERE org_id = $1 AND comment_id = $2"
_MISSING_MEMBERS = """
SELECT person FROM unnest($2::uuid[]) AS person
WHERE NOT EXISTS (SELECT FROM members WHERE org_id = $1 AND user_id = person AND removed_at IS NULL)
"""


async def find(connection: Connection, thread: Thread, comment_id: UUID) -> Comment | None:
    """The comment if it belongs to this thread."""
    row = await connection.fetchrow(_FIND, thread.org_id, thread.ticket_id, comment_id)
    return None if row is None else to_comment(row)


async def insert(
    work: UnitOfWork, comment: Comment, rendered: Rendered, found_by: str, event: Event[CommentEvent]
) -> CommentView:
    """Store a new comment of a locked thread with its event and what it is found by; how it is shown."""
    values = (*_new_values(comment, rendered, event), found_by)
    await work.execute_with_event(_INSERT, *values, event=event, topic=COMMENTS)
    return CommentView(
        id=comment.id,
        ticket_id=comment.ticket_id,
        parent_id=comment.parent_id,
        author_id=comment.author_id,
        body=comment.body,
        body_html=rendered.html,
        created_at=comment.created_at,
        edited_at=None,
        edited_by=None,
        deleted_at=None,
        version=comment.version,
        mentions=comment.mentions,
    )


def _new_values(comment: Comment, rendered: Rendered, event: Event[CommentEvent]) -> tuple[object, ...]:
    return (
        comment.org_id,
        comment.id,
        comment.ticket_id,
        comment.parent_id,
        comment.author_id,
        comment.created_at,
        comment.version,
        comment.body,
        *rendered,
        comment.mentions,
        event.data.ticket_sequence,
    )


async def update(
    work: UnitOfWork, comment: Comment, rendered: Rendered | None, found_by: str, event: Event[CommentEvent]
) -> None:
    """Store the next version of a comment of a locked thread with its event; `rendered` None leaves the HTML."""
    values = (
        comment.org_id,
        comment.id,
        comment.version,
        comment.body,
        *(rendered or (None, None)),
        comment.mentions,
        comment.edited_at,
        comment.edited_by,
        comment.deleted_at,
        comment.deleted_by,
        comment.ticket_id,
        event.data.ticket_sequence,
        found_by,
    )
    await work.execute_with_event(_UPDATE, *values, event=event, topic=COMMENTS)


async def keep_revision(connection: Connection, before: Comment) -> None:
    """Keep the text that is about to be replaced, under the version that wrote it."""
    await connection.execute(_KEEP_REVISION, before.org_id, before.id)


async def forget_revisions(connection: Connection, comment: Comment) -> None:
    await connection.execute(_FORGET_REVISIONS, comment.org_id, comment.id)


async def missing_members(connection: Connection, org_id: UUID, people: tuple[UUID, ...]) -> list[UUID]:
    """Those who are no active member; foreign and unknown people look the same."""
    return [row["person"] for row in await connection.fetch(_MISSING_MEMBERS, org_id, people)]


def to_comment(row: Record) -> Comment:
    """A row of the comments table as the domain sees it."""
    values: dict[str, Any] = dict(row)
    return Comment(**{**values, "mentions": tuple(values["mentions"])})
