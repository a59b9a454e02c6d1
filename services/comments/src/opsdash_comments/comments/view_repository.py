"""SQL of comments as readers see them. Every statement names the org.

`body_html` is null where it was made by other rules than today's: it is rendered anew, and may be long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import opsdash_markdown as markdown
from opsdash_chassis.database.pools import Connection
from opsdash_chassis.database.records import to_row, to_rows
from opsdash_tenancy.open_tenant import TenantReader

from opsdash_comments.comments.rows import CommentView, PagedComment, RevisionView
from opsdash_comments.comments.validation import PAGE_BYTES

_SHOWN = f"renderer IN ({markdown.UNRENDERED}, {markdown.VERSION})"
_HTML = f"CASE WHEN c.{_SHOWN} THEN c.body_html END AS body_html"
COLUMNS = f"""
       c.id, c.ticket_id, c.parent_id, c.author_id, c.body, {_HTML}, c.created_at, c.edited_at,
       c.edited_by, c.deleted_at, c.version, c.mentions
"""
# A page: of the rows there are (`found`, one more than fit on a page by number), those that begin within its bytes.
_PAGE = f"""
SELECT {{columns}}, c.found FROM (
    SELECT c.*, count(*) OVER () AS found,
           sum(octet_length(body) + CASE WHEN {_SHOWN} THEN octet_length(body_html) ELSE 0 END)
           OVER (ORDER BY {{order}} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
    FROM (SELECT c.* FROM {{table}} c WHERE c.org_id = $1 AND {{wanted}} ORDER BY {{order}} LIMIT {{limit}}) c
) c WHERE coalesce(c.bytes_before, 0) < {PAGE_BYTES} ORDER BY {{order}}
"""  # noqa: S608 - our own texts


def _page_of_comments(wanted: str) -> str:
    return _PAGE.format(columns=COLUMNS, table="comments", wanted=wanted, order="c.created_at, c.id", limit="$3")


_ONE = f"""
SELECT {COLUMNS} FROM comments c WHERE c.org_id = $1 AND c.ticket_id = $2 AND c.id = $3
"""  # noqa: S608 - our own texts
_TEXT = """
SELECT c.body FROM comments c JOIN threads th ON th.org_id = c.org_id AND th.ticket_id = c.ticket_id
WHERE c.org_id = $1 AND c.id = $2 AND c.deleted_at IS NULL AND th.deleted_at IS NULL
"""
_FIRST_PAGE = _page_of_comments("c.ticket_id = $2")
_NEXT_PAGE = _page_of_comments("c.ticket_id = $2 AND (c.created_at, c.id) > ($4, $5)")
# What is known of the ticket, and the first page of its comments: one row without a comment when there are none.
_OPENING = """
SELECT page.*, th.ticket_id AS thread_id, th.deleted_at IS NULL AS not_deleted, page.id IS NOT NULL AS has_comment
FROM threads th
LEFT JOIN LATERAL ({page}) page ON true
WHERE th.org_id = $1 AND th.{reference} = $2 ORDER BY page.created_at, page.id
"""
_OPENINGS = {
    kind: _OPENING.format(page=_page_of_comments("c.ticket_id = th.ticket_id"), reference=name)
    for kind, name in ((UUID, "ticket_id"), (int, "number"))
}
_REVISIONS = _PAGE.format(
    columns=f"c.version, c.body, {_HTML}, c.written_at, c.written_by",
    table="revisions",
    wanted="c.comment_id = $2 AND c.version > $3",
    order="c.version",
    limit="$4",
)


class _OpeningRow(PagedComment, frozen=True):
    """A comment of the first page, and its thread; without `has_comment` there is but the thread."""

    thread_id: UUID
    not_deleted: bool
    has_comment: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """A thread with its first comments, in the order they were made."""

    ticket_id: UUID
    not_deleted: bool
    comments: Sequence[PagedComment]


async def opening(reader: TenantReader, reference: UUID | int, *, limit: int) -> Opening | None:
    """The thread with its first comments, read on opening the org; None when the ticket is not known."""
    rows = await reader.fetch(_OpeningRow, _OPENINGS[type(reference)], reference, limit)
    if not rows:
        return None
    comments = [row for row in rows if row.has_comment]
    return Opening(rows[0].thread_id, rows[0].not_deleted, comments)


async def one(connection: Connection, org_id: UUID, ticket_id: UUID, comment_id: UUID) -> CommentView | None:
    return to_row(CommentView, await connection.fetchrow(_ONE, org_id, ticket_id, comment_id))


async def text(connection: Connection, org_id: UUID, comment_id: UUID) -> str | None:
    """As it was typed; None where it, or its ticket, is deleted."""
    body: str | None = await connection.fetchval(_TEXT, org_id, comment_id)
    return body


async def page(
    connection: Connection, org_id: UUID, ticket_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[PagedComment]:
    """Comments in the order they were made."""
    if after is None:
        return to_rows(PagedComment, await connection.fetch(_FIRST_PAGE, org_id, ticket_id, limit))
    return to_rows(PagedComment, await connection.fetch(_NEXT_PAGE, org_id, ticket_id, limit, *after))


async def revisions(
    connection: Connection, org_id: UUID, comment_id: UUID, *, after_version: int, limit: int
) -> list[RevisionView]:
    """Replaced texts, oldest first."""
    return to_rows(RevisionView, await connection.fetch(_REVISIONS, org_id, comment_id, after_version, limit))
