"""From rows of the view to a page: their HTML by today's rules, and no more of them than a page holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

import msgspec
import opsdash_markdown as markdown
from opsdash_chassis.database.cursors import Cursors

from opsdash_comments.access.policy import Access
from opsdash_comments.comments.rows import CommentView, PagedComment, RevisionView
from opsdash_comments.comments.schemas import CommentPage, RevisionPage, comment_of, revision_of
from opsdash_comments.comments.validation import PAGE, PAGE_BYTES
from opsdash_comments.people.model import People

Item = TypeVar("Item")


async def html_of(rows: Sequence[CommentView | RevisionView]) -> list[str]:
    """As it is stored; where that was made by other rules, rendered anew, or as typed when that takes too long."""
    outdated = [row.body for row in rows if row.body_html is None]
    anew = iter(await markdown.render_all_soon(outdated) if outdated else [])
    return [next(anew).html if row.body_html is None else row.body_html for row in rows]


def fitting(items: Sequence[Item]) -> list[Item]:
    """The first that fit on a page; one at least, for one always does."""
    page = list(items[:PAGE])
    if len(msgspec.json.encode(page)) <= PAGE_BYTES:
        return page
    size, number = len("["), 0
    while (size := size + len(msgspec.json.encode(page[number])) + len(",")) <= PAGE_BYTES:
        number += 1
    return page[: max(number, 1)]


async def comment_page(
    cursors: Cursors, access: Access, ticket_id: UUID, rows: Sequence[PagedComment], people: People
) -> CommentPage:
    """Of rows that were read as a page."""
    htmls = await html_of(rows)
    shown = fitting([comment_of(row, html, people, access) for row, html in zip(rows, htmls, strict=True)])
    next_cursor = None
    if _goes_on(rows, shown):
        last = [shown[-1].created_at.isoformat(), str(shown[-1].id)]
        next_cursor = cursors.encode(last, scope=comments_scope(access, ticket_id))
    return CommentPage(items=shown, next_cursor=next_cursor, permissions=access.permissions)


async def revision_page(
    cursors: Cursors, access: Access, comment_id: UUID, rows: Sequence[RevisionView], people: People
) -> RevisionPage:
    """Of rows that were read as a page."""
    htmls = await html_of(rows)
    shown = fitting([revision_of(row, html, people) for row, html in zip(rows, htmls, strict=True)])
    next_cursor = None
    if _goes_on(rows, shown):
        next_cursor = cursors.encode([shown[-1].version], scope=revisions_scope(access, comment_id))
    return RevisionPage(items=shown, next_cursor=next_cursor)


def comments_scope(access: Access, ticket_id: UUID) -> str:
    """What a cursor of a ticket's comments is good for."""
    return f"{access.org_id}|comments|{ticket_id}"


def revisions_scope(access: Access, comment_id: UUID) -> str:
    """What a cursor of a comment's old texts is good for."""
    return f"{access.org_id}|revisions|{comment_id}"


def _goes_on(rows: Sequence[PagedComment | RevisionView], shown: Sequence[object]) -> bool:
    """Whether there are more than are shown; each row has how many there are."""
    return bool(rows) and len(shown) < rows[0].found
