"""SQL of searching comments. Every statement but that of what is due names the org."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from opsdash_chassis.database.pools import Connection, columns_of
from opsdash_chassis.database.records import to_rows
from opsdash_chassis.database.row import Row
from opsdash_chassis.text import search_index
from opsdash_chassis.text.search_query import SearchQuery
from opsdash_tenancy.open_tenant import TenantReader

#: Shorter than the gateway waits: what nobody waits for any more is not gone on with.
LONGEST_SECONDS: Final = 0.7
_COMMENTED = """
SELECT p.place - 1 AS place, f.ticket_id, f.cut
FROM unnest($2::text[]) WITH ORDINALITY AS p(pattern, place) CROSS JOIN LATERAL find_commented(p.pattern, $3::bigint) f
WHERE f.org_id = $1 ORDER BY p.place
"""
# Written for its partial index, which is of the comments that older rules have indexed, or none. What another process
# is about to index, or somebody to change, is passed over.
_OUTDATED_OF_ANY_ORG = f"""
SELECT org_id, id, body FROM comments WHERE search_version < {search_index.VERSION} ORDER BY org_id, id LIMIT $1
FOR NO KEY UPDATE SKIP LOCKED
"""  # noqa: S608 - a number
_STORE = f"""
UPDATE comments c SET search = made.search::tsvector, search_version = {search_index.VERSION}
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS made(org_id, id, search)
WHERE c.org_id = made.org_id AND c.id = made.id
"""  # noqa: S608 - a number


class CommentedTicket(Row, frozen=True):
    """A ticket with a comment that has what the query at this place wants; `cut` when not all matches were read."""

    place: int
    ticket_id: UUID
    cut: bool


class UnindexedComment(Row, frozen=True):
    """A comment that is to be indexed."""

    org_id: UUID
    id: UUID
    body: str


async def commented(reader: TenantReader, queries: Sequence[SearchQuery], limit: int) -> list[CommentedTicket]:
    """For each of the queries the tickets that were commented last with it. Raises Unavailable when it takes long."""
    patterns = [query.tsquery() or None for query in queries]
    return await reader.fetch(CommentedTicket, _COMMENTED, patterns, limit, seconds=LONGEST_SECONDS)


async def outdated(connection: Connection, limit: int) -> list[UnindexedComment]:
    """Of any org, locked."""
    return to_rows(UnindexedComment, await connection.fetch(_OUTDATED_OF_ANY_ORG, limit))


async def store(connection: Connection, made: Sequence[tuple[UnindexedComment, str]]) -> None:
    rows = ((comment.org_id, comment.id, search) for comment, search in made)
    if columns := columns_of(rows):
        await connection.execute(_STORE, *columns)
