"""SQL of work without a person: it crosses orgs only to find what is due, and names the org of all it touches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import opsdash_markdown as markdown
from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_chassis.database.records import to_rows

# Written for their partial indexes, which are of the rows that were stored by other rules than today's.
_OUTDATED_COMMENTS_OF_ANY_ORG = f"""
SELECT org_id, id AS comment_id, version, body AS text FROM comments WHERE renderer < {markdown.VERSION}
ORDER BY org_id, id LIMIT $1
"""  # noqa: S608 - a number
_OUTDATED_REVISIONS_OF_ANY_ORG = f"""
SELECT org_id, comment_id, version, body AS text FROM revisions WHERE renderer < {markdown.VERSION}
ORDER BY org_id, comment_id, version LIMIT $1
"""  # noqa: S608 - a number
# A text that was changed meanwhile has its HTML from who changed it; one that was purged must not come back.
_STORE = """
UPDATE {table} c SET body_html = made.html, renderer = $6
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[])
     AS made(org_id, comment_id, version, body, html)
WHERE c.org_id = made.org_id AND c.{key} = made.comment_id AND c.version = made.version AND c.body = made.body
"""
_STORE_COMMENTS = _STORE.format(table="comments", key="id")
_STORE_REVISIONS = _STORE.format(table="revisions", key="comment_id")


@dataclass(frozen=True, slots=True)
class Outdated:
    """A text, of a comment or of one of its earlier versions, whose HTML was made by other rules than today's."""

    org_id: UUID
    comment_id: UUID
    version: int
    text: str


async def outdated_comments(connection: Connection, limit: int) -> list[Outdated]:
    return to_rows(Outdated, await connection.fetch(_OUTDATED_COMMENTS_OF_ANY_ORG, limit))


async def outdated_revisions(connection: Connection, limit: int) -> list[Outdated]:
    return to_rows(Outdated, await connection.fetch(_OUTDATED_REVISIONS_OF_ANY_ORG, limit))


async def store_comments(connection: Connection, made: Sequence[tuple[Outdated, str]]) -> None:
    await connection.execute(_STORE_COMMENTS, *_columns(made), markdown.VERSION)


async def store_revisions(connection: Connection, made: Sequence[tuple[Outdated, str]]) -> None:
    await connection.execute(_STORE_REVISIONS, *_columns(made), markdown.VERSION)


def _columns(made: Sequence[tuple[Outdated, str]]) -> list[list[object]]:
    return columns_of((row.org_id, row.comment_id, row.version, row.text, html) for row, html in made)
