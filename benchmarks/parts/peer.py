"""The same scenarios asked of Request Tracker 5, a helpdesk of another kind, on the same machine and database server.

Request Tracker is not among our dependencies; this part is measured only when asked for, where Debian's packages of it
are installed, by `.venv/bin/python -m benchmarks --only peer`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from benchmarks.bench_stack import BenchStack
from benchmarks.findings import Cell, Findings, Table
from benchmarks.load import Expected, Request
from benchmarks.measuring import Measured, least_cpu_ms, measure
from benchmarks.options import Options
from benchmarks.request_tracker import WORKERS, RequestTracker, require_installed
from benchmarks.requests import WORDS, Scenario, scenarios
from benchmarks.seeding import SMALL, filled, some_ticket_ids
from benchmarks.workspace import LARGE

FILL_SECONDS = 120
#: More than two minutes make, so that no subject comes twice.
FILL_REQUESTS = 20_000
SUBJECTS = ("printer", "invoice", "webhook", "password", "calendar", "export")
ROWS = 25
API = "/REST/2.0"
COLUMNS = {"fields": "Subject,Status,Priority,Owner,Created,LastUpdated,Due", "fields[Owner]": "Name"}
_SOME_TICKETS = "SELECT id FROM tickets ORDER BY id LIMIT 997"


@dataclass(frozen=True)
class Asked:
    """What one scenario is for Request Tracker; `of` is the product's scenario it stands beside."""

    of: str
    requests: Sequence[Request]
    expected: Expected
    note: str = ""

    @property
    def name(self) -> str:
        return f"{self.of}, {self.note}" if self.note else self.of


@dataclass(frozen=True)
class Compared:
    """The rounds of one scenario."""

    name: str
    product: Sequence[Measured]
    peer: Sequence[Measured]


def run(options: Options) -> Findings:
    require_installed()
    with filled(options.port, options.data / "small", SMALL) as stack:
        stack.start_services()
        with RequestTracker(stack) as peer:
            session = peer.session()
            filling = _fill(peer, session)
            tickets = [row["id"] for row in asyncio.run(peer.fetch(_SOME_TICKETS))]
            ours = scenarios(asyncio.run(stack.token()), asyncio.run(some_ticket_ids(stack)))
            found = [
                _compare(stack, peer, next(scenario for scenario in ours if scenario.name == asked.of), asked, options)
                for asked in asked_of_peer(session, peer.token(), tickets)
            ]
    return Findings([filling, figures(found), _costs(found)])


def asked_of_peer(session: dict[str, str], token: dict[str, str], tickets: Sequence[int]) -> list[Asked]:
    """Headers of somebody signed in, of a program with an auth token, and ids of tickets there are."""
    details = [f"{API}/ticket/{ticket}" for ticket in tickets]
    one, full = Expected(contains='"_hyperlinks"'), Expected(contains=f'"count" : {ROWS}')
    comment = {"Content": "The second page is blank too.\n\nThank you for looking at it.", "ContentType": "text/plain"}
    return [
        Asked("list, 25 rows", [_page(session, "Queue = 'General'")], full),
        Asked("search", [_page(session, f"Subject LIKE '{WORDS}'")], full),
        Asked("detail", [Request("GET", path, session) for path in details], one),
        Asked("detail", [Request("GET", path, token) for path in details], one, "with its auth token"),
        Asked("create", [_create(session, "Measured")], Expected(201)),
        Asked(
            "comment",
            [Request("POST", f"{path}/comment", session, json.dumps(comment)) for path in details],
            Expected(201),
        ),
    ]


def figures(found: Sequence[Compared]) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            each.name, round(least_cpu_ms(each.product), 2), round(least_cpu_ms(each.peer), 2),
            round(_least_p50(each.product), 1), round(_least_p50(each.peer), 1),
        )
        for each in found
    ]  # fmt: skip
    columns = ("scenario", "CPU-ms", "Request Tracker CPU-ms", "p50 ms", "Request Tracker p50 ms")
    note = f"Closed loop, {WORKERS} connections to each, in turn; the least of the rounds."
    return Table("Beside Request Tracker", columns, rows, note)


def require_enough(tickets: int) -> None:
    """Raises SystemExit when a search would not find a full page."""
    if tickets < (least := ROWS * len(SUBJECTS)):
        raise SystemExit(
            f"Request Tracker made {tickets} tickets in {FILL_SECONDS} s, and a page of found ones needs {least};"
            " measure again when the machine has less to do"
        )


def _compare(stack: BenchStack, peer: RequestTracker, ours: Scenario, asked: Asked, options: Options) -> Compared:
    """Round by round in turn, so that whatever else the machine does meets both alike."""
    rounds = [(_product(stack, ours, options), _peer(peer, asked, options)) for _ in range(options.rounds)]
    product, others = zip(*rounds, strict=True)
    return Compared(asked.name, product, others)


def _product(stack: BenchStack, scenario: Scenario, options: Options) -> Measured:
    return measure(
        stack.url, scenario.product, stack.processes, scenario.expected,
        seconds=options.seconds, connections=WORKERS, settled=scenario.writes,
    )  # fmt: skip


def _peer(peer: RequestTracker, asked: Asked, options: Options) -> Measured:
    return measure(
        peer.url, asked.requests, peer.processes, asked.expected, seconds=options.seconds, connections=WORKERS
    )


def _fill(peer: RequestTracker, session: dict[str, str]) -> Table:
    """As many tickets as two minutes of its API make, each with a requestor, whose autoreply is written too."""
    requests = [
        _create(session, f"Ticket about the {SUBJECTS[n % len(SUBJECTS)]} number {n}", f"contact{n % 100}@example.test")
        for n in range(FILL_REQUESTS)
    ]
    made = measure(peer.url, requests, peer.processes, Expected(201), seconds=FILL_SECONDS, connections=WORKERS)
    asyncio.run(peer.fetch("VACUUM ANALYZE"))
    [row] = asyncio.run(peer.fetch("SELECT count(*) AS tickets FROM tickets"))
    require_enough(row["tickets"])
    note = f"{FILL_SECONDS} s of creates through REST2. The org of the product that is read has {LARGE.tickets:,}."
    cells = [(row["tickets"], round(made.per_second, 1), round(made.cpu_ms_total, 1))]
    return Table("Filling Request Tracker", ("tickets", "tickets/s", "CPU-ms each"), cells, note)


def _page(headers: dict[str, str], query: str) -> Request:
    """A page of tickets, newest first, with the columns of a list."""
    asked = {"query": query, "orderby": "Created", "order": "DESC", "per_page": ROWS, **COLUMNS}
    return Request("GET", f"{API}/tickets?{urlencode(asked, quote_via=quote)}", headers)


def _create(headers: dict[str, str], subject: str, requestor: str = "") -> Request:
    ticket = {"Queue": "General", "Subject": subject, "Content": "A ticket made by the load generator, then another."}
    who = {"Requestor": requestor} if requestor else {}
    return Request("POST", f"{API}/ticket", headers, json.dumps(ticket | who | {"ContentType": "text/plain"}))


def _least_p50(rounds: Sequence[Measured]) -> float:
    return min(measured.latency.p50 for measured in rounds)


def _costs(found: Sequence[Compared]) -> Table:
    def least(rounds: Sequence[Measured]) -> str:
        return min(rounds, key=lambda measured: measured.cpu_ms_total).cost_of_each

    rows = [(each.name, least(each.product), least(each.peer)) for each in found]
    return Table("CPU-ms per request and process", ("scenario", "product", "Request Tracker"), rows)
