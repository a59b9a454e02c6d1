"""What a ticket and a comment take on disk, indexes included."""

from __future__ import annotations

import asyncio

from opsdash_local.services import COMMENTS, SLA_MONITOR, TICKETS, ServiceSpec

from benchmarks.bench_stack import BenchStack
from benchmarks.findings import Findings, Table
from benchmarks.options import Options
from benchmarks.seeding import SMALL, filled

#: What is measured, where, its size by PostgreSQL, and what there is one of for each.
SIZES: tuple[tuple[str, ServiceSpec, str, str], ...] = (
    ("a ticket", TICKETS, "pg_total_relation_size('tickets')", "tickets"),
    ("of that, its row", TICKETS, "pg_table_size('tickets')", "tickets"),
    ("of that, the search index", TICKETS, "pg_relation_size('tickets_search')", "tickets"),
    ("a ticket in the comments service", COMMENTS, "pg_total_relation_size('threads')", "threads"),
    ("a comment", COMMENTS, "pg_total_relation_size('comments')", "comments"),
    ("a ticket event in the history", TICKETS, "pg_total_relation_size('history')", "history"),
    ("a comment event in the history", COMMENTS, "pg_total_relation_size('history')", "history"),
    ("an SLA event in the history", SLA_MONITOR, "pg_total_relation_size('history')", "history"),
    ("a deadline", SLA_MONITOR, "pg_total_relation_size('deadlines')", "deadlines"),
    (
        "an event in a consumer's inbox, until its retention ends",
        SLA_MONITOR,
        "pg_total_relation_size('inbox')",
        "inbox",
    ),
)


def run(options: Options) -> Findings:
    with filled(options.port, options.data / "small", SMALL) as stack:
        rows = [(what, asyncio.run(_bytes(stack, service, size, table))) for what, service, size, table in SIZES]
    note = (
        f"A database of {SMALL:,} tickets: titles of five words, descriptions of 120 characters, comments of 25; events"
        " of the writes that the bench made in it. Without a figure: no such row yet."
    )
    return Findings([Table("Bytes on disk, with indexes", ("of", "bytes"), rows, note)])


async def _bytes(stack: BenchStack, service: ServiceSpec, size: str, table: str) -> int | None:
    statement = f"SELECT {size} / nullif(count(*), 0) FROM {table}"  # noqa: S608 - names of ours
    found: int | None = (await stack.fetch(service, statement))[0][0]
    return found
