"""How soon people are told: from the commit of a ticket event to the inbox, to an open page, and to a mail."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

import aiohttp
from opsdash_contracts.notices import SENT, Channel
from opsdash_contracts.topics import NOTICES
from opsdash_local.services import COMMENTS, NOTIFICATIONS, TICKETS

from benchmarks.arrivals import Arrivals
from benchmarks.bench_stack import BenchStack
from benchmarks.figures import Latency, schedule
from benchmarks.findings import Findings, Table, Target
from benchmarks.listener import INBOX, Listener
from benchmarks.options import Options
from benchmarks.parts.events import note_commits
from benchmarks.parts.streams import allow_files
from benchmarks.seeding import fresh
from benchmarks.workspace import NAMESPACE, USER

ORGS = 20
EVENTS_PER_SECOND = 50
MAIL_DELAY_SECONDS = 60.0
INBOX_MOST_SECONDS, MAIL_MOST_SECONDS = 2, 5
#: At the opening every page is told the number at its bell.
SETTLE_SECONDS = 20.0
GIVE_UP_SECONDS = 120.0
OPENED_AT_ONCE = 50

_COMMITS = """
SELECT event_id::text, data->>'assignee_id' AS person, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 AS at
FROM history WHERE event_type = 'support_ticket.created'
"""


@dataclass(frozen=True)
class Person:
    """A member of one org, whose page is open."""

    id: UUID
    slug: str


@dataclass(frozen=True)
class Lateness:
    """Seconds from the commit of each event until somebody was told."""

    inbox: list[float]
    page: list[float]
    mail: list[float]


def run(options: Options) -> Findings:
    allow_files(options.streams + 500)
    people = [Person(uuid5(NAMESPACE, f"person/{number}"), _slug(number % ORGS)) for number in range(options.streams)]
    with fresh(options.port, options.data / "notices", options.kafka) as stack:
        asyncio.run(note_commits(stack))
        _may_sign_in(stack, people)
        stack.start_services()
        found = asyncio.run(_lateness(stack, people))
    note = (
        f"{len(people):,} people of {ORGS} orgs with an open page each; {EVENTS_PER_SECOND} tickets a second are"
        " assigned, one to each of them. From PostgreSQL's own time of the commit to the notice of the inbox in the"
        " hands of a consumer outside, to the number at the bell of that person's page, and to the notice that the"
        f" mail left, less the {MAIL_DELAY_SECONDS:g} s that a mail waits."
    )
    seconds = {"inbox": found.inbox, "open page": found.page, "mail, after its delay": found.mail}
    latencies = {what: Latency.of(values) for what, values in seconds.items()}
    rows = [(what, len(seconds[what]), *latency.with_worst()) for what, latency in latencies.items()]
    columns = ("commit → told", "people", "p50 ms", "p95 ms", "p99 ms", "worst ms")
    inbox, mail = (round(latencies[what].p99 / 1000, 2) for what in ("inbox", "mail, after its delay"))
    return Findings(
        [Table("Commit → told", columns, rows, note)],
        [
            Target.at_most(f"event → inbox p99, {options.kafka} broker", INBOX_MOST_SECONDS, inbox, " s"),
            Target.at_most(f"event → mail p99 past its delay, {options.kafka} broker", MAIL_MOST_SECONDS, mail, " s"),
        ],
    )


async def _lateness(stack: BenchStack, people: Sequence[Person]) -> Lateness:
    async with (
        aiohttp.ClientSession() as session,
        Arrivals(stack.settings.bootstrap_servers, NOTICES) as arrivals,
        contextlib.AsyncExitStack() as opened,
    ):
        await _sync_workspace(stack, session, people)
        pages = await _open_pages(stack, session, people, opened)
        await asyncio.sleep(SETTLE_SECONDS)
        before = [len(page.times) for page in pages]
        await _assign(stack, session, people)
        await arrivals.wait_for(SENT, 2 * len(people))
        commits = await stack.fetch(TICKETS, _COMMITS)
        clock = time.time() - time.perf_counter()
        seen = {
            str(person.id): page.times[count] + clock
            for person, page, count in zip(people, pages, before, strict=True)
            if len(page.times) > count
        }
        arrived = _by_event(arrivals)
    return Lateness(
        [arrived[row["event_id"], Channel.INBOX] - row["at"] for row in commits],
        [seen[row["person"]] - row["at"] for row in commits],
        [arrived[row["event_id"], Channel.MAIL] - row["at"] - MAIL_DELAY_SECONDS for row in commits],
    )


def _by_event(arrivals: Arrivals) -> dict[tuple[str, str], float]:
    """When somebody was told of an event by a channel; each event concerns one person."""
    bodies = {event_id: json.loads(arrivals.bodies[event_id]) for event_id in arrivals.ids(SENT)}
    return {(body["source_event_id"], body["channel"]): arrivals.first_at[id_] for id_, body in bodies.items()}


async def _assign(stack: BenchStack, session: aiohttp.ClientSession, people: Sequence[Person]) -> None:
    """At an even rate, whatever the product does."""
    headers = {"Authorization": f"Bearer {await stack.token()}"}
    start = time.monotonic()

    async def create(person: Person, at: float) -> None:
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        body = {"title": "Somebody is told", "assignee_id": str(person.id)}
        async with session.post(f"{stack.url}/api/orgs/{person.slug}/tickets", json=body, headers=headers) as answer:
            answer.raise_for_status()

    moments = schedule(EVENTS_PER_SECOND, len(people) / EVENTS_PER_SECOND, start=start)
    await asyncio.gather(*(create(person, at) for person, at in zip(people, moments, strict=True)))


async def _open_pages(
    stack: BenchStack, session: aiohttp.ClientSession, people: Sequence[Person], opened: contextlib.AsyncExitStack
) -> list[Listener]:
    async def page(person: Person) -> Listener:
        async with session.post(f"{stack.url}/dev/token", json={"user_id": str(person.id)}) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        stream = Listener(urlsplit(stack.url), f"/api/orgs/{person.slug}/events", headers, signal=INBOX)
        return await opened.enter_async_context(stream)

    pages: list[Listener] = []
    for start in range(0, len(people), OPENED_AT_ONCE):
        pages += await asyncio.gather(*map(page, people[start : start + OPENED_AT_ONCE]))
    return pages


async def _sync_workspace(stack: BenchStack, session: aiohttp.ClientSession, people: Sequence[Person]) -> None:
    """Orgs and people by the feed, until each service knows them all."""
    lines = [json.dumps(line) for line in _lines(people)]
    headers = {
        "Authorization": f"Bearer {stack.environments.secrets.get('workspace_token')}",
        "Content-Type": "application/x-ndjson",
    }
    async with session.post(f"{stack.url}/api/workspace/batch", data="\n".join(lines), headers=headers) as answer:
        answer.raise_for_status()
    slugs = sorted({person.slug for person in people})
    known = "SELECT count(*) AS members FROM members JOIN orgs USING (org_id) WHERE slug = ANY($1)"
    async with asyncio.timeout(GIVE_UP_SECONDS):
        for service in (TICKETS, COMMENTS, NOTIFICATIONS):
            while (await stack.fetch(service, known, slugs))[0]["members"] < len(people) + len(slugs):  # noqa: ASYNC110 - a table has no event for it
                await asyncio.sleep(0.2)


def _lines(people: Sequence[Person]) -> Iterator[dict[str, Any]]:
    orgs = {slug: str(uuid5(NAMESPACE, slug)) for slug in sorted({person.slug for person in people})}
    for slug, org_id in orgs.items():
        yield _put("org", org_id, {"slug": slug, "name": slug, "plate": "agency"})
        yield _member(org_id, USER, "owner")
    for person in people:
        yield _member(orgs[person.slug], person.id, "member")


def _member(org_id: str, user_id: UUID, role: str) -> dict[str, Any]:
    data = {"org_id": org_id, "user_id": str(user_id), "name": "A person", "email": f"{user_id}@example.test"}
    return _put("member", str(uuid5(NAMESPACE, f"{org_id}/{user_id}")), {**data, "role": role})


def _put(kind: str, entity_id: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"op": "put", "kind": kind, "id": entity_id, "body": {**data, "version": 1}}


def _may_sign_in(stack: BenchStack, people: Sequence[Person]) -> None:
    known = json.loads(stack.environments.people_file.read_text(encoding="utf-8"))
    more = [
        {"user_id": str(person.id), "name": "A person", "email": f"{person.id}@example.test", "memberships": []}
        for person in people
    ]
    stack.environments.people_file.write_text(json.dumps([*known, *more]), encoding="utf-8")


def _slug(number: int) -> str:
    return f"told-{number}"
