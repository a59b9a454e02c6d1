"""Fills the databases of tickets and comments straight, as the services would have: counters, threads, search words.

Only events are left out: a seeded ticket has no history, so a start of the stack has little to replay. Quick because
one statement fills a table, both databases at once, indexes are built afterwards, and nothing waits for the disk until
all is there: two million tickets with three comments each took 2 min 37 s on two cores.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import opsdash_markdown as markdown
from opsdash_chassis.text import search_index
from opsdash_local.services import COMMENTS, TICKETS
from opsdash_local.settings import EMBEDDED

from benchmarks.bench_stack import BenchStack
from benchmarks.workspace import COMMENTS_EACH, LARGE, USER, WRITERS, Org, orgs

SMALL = 200_000
# With HTML or words by other rules it would be made anew during a bench.
_MARK = f"filled-{markdown.VERSION}-{search_index.VERSION}"

_BASE = "'2026-01-01T00:00:00Z'::timestamptz"
# The same id in both databases, ordered by time like those the services make.
_ID = f"""
(lpad(to_hex((extract(epoch FROM {_BASE}) * 1000)::bigint + n * 60000), 12, '0') || '7'
 || lpad(to_hex(n % 4096), 3, '0') || '8' || substr(md5(o.org_id::text || n), 1, 15))::uuid
"""
_PEOPLE = f"""
INSERT INTO members (org_id, member_id, user_id, name, email, role, version)
SELECT o.org_id, gen_random_uuid(),
       CASE n WHEN 0 THEN '{USER}'::uuid ELSE md5(o.org_id::text || 'member' || n)::uuid END,
       'Member ' || n, 'member' || n || '@example.test', CASE n WHEN 0 THEN 'owner' ELSE 'member' END, 1
FROM seeded o, generate_series(0, 19) n
"""  # noqa: S608 - constants of ours
_ORGS = "INSERT INTO orgs (org_id, slug, name, plate, version) SELECT org_id, slug, slug, 'agency', 1 FROM seeded"
_DIRECTORY = (
    """INSERT INTO companies (org_id, company_id, name, version)
       SELECT o.org_id, md5(o.org_id::text || 'company' || n)::uuid, 'Company ' || n, 1
       FROM seeded o, generate_series(0, 29) n""",
    """INSERT INTO contacts (org_id, contact_id, name, email, company_id, version)
       SELECT o.org_id, md5(o.org_id::text || 'contact' || n)::uuid, 'Contact ' || n, 'contact' || n || '@example.test',
              md5(o.org_id::text || 'company' || n % 30)::uuid, 1
       FROM seeded o, generate_series(0, 99) n""",
    """INSERT INTO projects (org_id, project_id, name, version)
       SELECT o.org_id, md5(o.org_id::text || 'project' || n)::uuid, 'Project ' || n, 1
       FROM seeded o, generate_series(0, 9) n""",
)
_DESCRIPTION = """
'Words that every ticket has, and one that few have: w' || (n * 7919 % 5000)
|| '. The customer wrote twice and would like an answer before the end of the week.'
"""
_TITLE = """
'Ticket about the ' || (ARRAY['printer','invoice','webhook','password','calendar','export'])[1 + n % 6]
|| ' number ' || n
"""
# A ticket as the service indexes it: every word with its org, place and field, and the title as a whole.
_LEXEMES = """
CREATE FUNCTION pg_temp.lexemes(org uuid, words text, field "char") RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
    SELECT setweight(regexp_replace(to_tsvector('simple', words)::text, '''([^'']+)'':', '''' || right(org::text, 12)
                                    || ':\\1'':', 'g')::tsvector, field)
$$
"""
# Titles mix words that are everywhere with ones that are rare; ages, states and people vary as in a real queue.
_TICKETS = f"""
INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, assignee_id, contact_id,
                     project_id, sla_due_at, sla_source, comment_count, created_by, created_at, updated_at, version,
                     description_html, renderer, search, search_version)
SELECT o.org_id, {_ID}, n, {_TITLE}, {_DESCRIPTION},
       (ARRAY['open','in_progress','waiting','resolved','closed'])[1 + n % 5],
       (ARRAY['urgent','high','medium','low'])[1 + n % 4],
       (ARRAY['general','billing','technical'])[1 + n % 3],
       CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 THEN '{USER}'::uuid
            ELSE md5(o.org_id::text || 'member' || (1 + n % 19))::uuid END,
       CASE WHEN n % 4 > 0 THEN md5(o.org_id::text || 'contact' || n % 100)::uuid END,
       CASE WHEN n % 2 = 0 THEN md5(o.org_id::text || 'project' || n % 10)::uuid END,
       CASE WHEN n % 10 = 0 THEN NULL ELSE now() + make_interval(hours => (n * 37 % 400) - 200) END,
       CASE WHEN n % 10 > 0 THEN 'auto' END, {COMMENTS_EACH}, '{USER}',
       {_BASE} + n * interval '1 minute', {_BASE} + n * interval '1 minute', 1,
       '<p>' || {_DESCRIPTION} || '</p>', {markdown.VERSION},
       (quote_literal(right(o.org_id::text, 12) || ':=' || left(md5({_TITLE}), 12)) || ':1A')::tsvector
           || pg_temp.lexemes(o.org_id, {_TITLE}, 'A')
           || CASE WHEN n % 4 > 0 THEN
                  pg_temp.lexemes(o.org_id, 'Contact ' || n % 100 || ' contact' || n % 100 || ' example test', 'B')
                  || pg_temp.lexemes(o.org_id, 'Company ' || n % 100 % 30, 'C') ELSE '' END
           || pg_temp.lexemes(o.org_id, {_DESCRIPTION}, 'D'), {search_index.VERSION}
FROM seeded o, generate_series(1, o.tickets) n
"""  # noqa: S608
_COUNTERS = """
INSERT INTO org_counters (org_id, last_number, living_tickets) SELECT org_id, tickets, tickets FROM seeded
"""
_THREADS = f"""
INSERT INTO threads (org_id, ticket_id, number, ticket_version, last_sequence, last_comment_at)
SELECT o.org_id, {_ID}, n, 1, {COMMENTS_EACH}, {_BASE} + n * interval '1 minute' + interval '{COMMENTS_EACH} minutes'
FROM seeded o, generate_series(1, o.tickets) n
"""  # noqa: S608
_COMMENTS = f"""
INSERT INTO comments (org_id, id, ticket_id, author_id, body, body_html, renderer, mentions, created_at, version,
                      search, search_version)
SELECT o.org_id, gen_random_uuid(), {_ID}, '{USER}', 'Comment ' || c || ' on ticket **' || n || '**.',
       '<p>Comment ' || c || ' on ticket <strong>' || n || '</strong>.</p>', {markdown.VERSION}, '{{}}',
       {_BASE} + n * interval '1 minute' + c * interval '1 minute', 1,
       pg_temp.lexemes(o.org_id, 'Comment ' || c || ' on ticket ' || n, 'D'), {search_index.VERSION}
FROM seeded o, generate_series(1, o.tickets) n, generate_series(1, {COMMENTS_EACH}) c
"""  # noqa: S608
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
WHERE t.relname = ANY($1) AND NOT i.indisunique
"""
# Of an empty table a fresh server knows nothing, and plans for its growth.
_FILLED = """
SELECT oid::regclass::text AS name FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
_SOME_TICKETS = "SELECT id::text FROM tickets WHERE org_id = $1 ORDER BY number LIMIT 997"


def filled(port: int, data: Path, tickets: int, kafka: str = EMBEDDED) -> BenchStack:
    """A stack, not started, on a database with that many tickets; filled once, kept for the next run."""
    if not (data / _MARK).exists():
        shutil.rmtree(data, ignore_errors=True)  # of a run that was interrupted
        print(f"filling {data} with {tickets:,} tickets, once")
        with BenchStack(port, data, durable=False) as stack:
            asyncio.run(seed(stack, orgs(tickets)))
        os.sync()  # what the server did not wait for, so that writing it later does not disturb a measurement
        (data / _MARK).touch()
    return BenchStack(port, data, kafka=kafka)


@contextmanager
def fresh(port: int, data: Path, kafka: str) -> Iterator[BenchStack]:
    """A started stack, without services yet, on an empty database but for orgs and people."""
    shutil.rmtree(data, ignore_errors=True)
    with BenchStack(port, data, kafka=kafka) as stack:
        asyncio.run(seed(stack, WRITERS))
        yield stack


async def some_ticket_ids(stack: BenchStack) -> list[str]:
    """Of the large org."""
    return [row["id"] for row in await stack.fetch(TICKETS, _SOME_TICKETS, LARGE.id)]


async def seed(stack: BenchStack, orgs: Sequence[Org]) -> None:
    await asyncio.gather(
        _seed_tickets(stack.database_url(TICKETS), orgs), _seed_comments(stack.database_url(COMMENTS), orgs)
    )


async def _seed_tickets(url: str, orgs: Sequence[Org]) -> None:
    async with _seeding(url, orgs, "tickets") as connection:
        for statement in (_LEXEMES, _ORGS, _PEOPLE, *_DIRECTORY, _TICKETS, _COUNTERS):
            await connection.execute(statement)


async def _seed_comments(url: str, orgs: Sequence[Org]) -> None:
    async with _seeding(url, orgs, "threads", "comments") as connection:
        for statement in (_LEXEMES, _ORGS, _PEOPLE, _THREADS, _COMMENTS):
            await connection.execute(statement)


@asynccontextmanager
async def _seeding(url: str, orgs: Sequence[Org], *tables: str) -> AsyncIterator[asyncpg.Connection]:
    """All or nothing, without foreign key checks, indexes built at the end, statistics fresh afterwards."""
    connection = await asyncpg.connect(url, command_timeout=3600)
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute("SET LOCAL maintenance_work_mem = '512MB'")
            await connection.execute("CREATE TEMP TABLE seeded (org_id uuid, slug text, tickets int) ON COMMIT DROP")
            rows = [(org.id, org.slug, org.tickets) for org in orgs]
            await connection.copy_records_to_table("seeded", records=rows)
            indexes = await connection.fetch(_INDEXES, list(tables))
            for index in indexes:
                await connection.execute(f"DROP INDEX {index['name']}")
            yield connection
            for index in indexes:
                await connection.execute(index["definition"])
        for table in await connection.fetch(_FILLED):
            await connection.execute(f"VACUUM ANALYZE {table['name']}")
    finally:
        await connection.close()
