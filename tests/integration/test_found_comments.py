"""How much of an org's comments a search reads."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from opsdash_chassis.text.search_index import Weight, vector
from opsdash_chassis.text.search_query import read_query

from tests.support.databases import ServiceDatabase, clone, drop

ORG, QUIET = uuid4(), uuid4()
MOST_MATCHES = 5000
THREAD = "INSERT INTO threads (org_id, ticket_id, number, ticket_version) VALUES ($1, $2, $3, 1)"
COMMENTS = """
INSERT INTO comments (org_id, id, ticket_id, author_id, body, body_html, renderer, mentions, created_at, version,
                      search)
SELECT $1, gen_random_uuid(), $2, $1, 'jam', '', 1, '{}', now(), 1, $4::text::tsvector FROM generate_series(1, $3)
"""


async def found(database: ServiceDatabase, words: str) -> list[Any]:
    connection = await asyncpg.connect(database.app_url)
    try:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.org_id', $1, true)", str(ORG))
            rows = await connection.fetch("SELECT * FROM find_commented($1, 101)", read_query(words).tsquery())
            return [tuple(row) for row in rows]
    finally:
        await connection.close()


@pytest.mark.parametrize(("comments", "cut"), [(MOST_MATCHES - 1, False), (MOST_MATCHES + 1, True)])
async def test_says_when_not_all_matches_were_read(comments_template: ServiceDatabase, comments: int, cut: bool):
    database = await clone("comments", comments_template)
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute(THREAD, ORG, QUIET, 1)
        await connection.execute(COMMENTS, ORG, QUIET, comments, vector(ORG, [(Weight.D, "printer jam")]))
        assert await found(database, "jam") == [(ORG, QUIET, cut)]
        assert await found(database, "paper") == []
    finally:
        await connection.close()
        await drop(database)
