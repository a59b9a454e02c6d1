"""Comments under fire: writers on two replicas while processes are killed and frozen (G1 to G5).

Every operation carries an Idempotency-Key and is repeated, on either replica, until it is answered. Verdicts come from
the databases and the topic, never from logs.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from opsdash_contracts.topics import COMMENTS

from tests.integration.checks import eventually, query
from tests.integration.stacks import open_stack
from tests.support.brokers import Record, Witness
from tests.support.databases import ServiceDatabase, clone, drop
from tests.support.http_servers import TestIssuer
from tests.support.service_process import ServiceProcess
from tests.support.stack import Stack, comments_environment
from tests.support.workspace import seed_members

OPERATIONS = 2000
WRITERS = 4
TICKETS = 20
UNANSWERED = (aiohttp.ClientError, TimeoutError, ConnectionError)
# A repeat that is skipped as known looks like one that was never applied; the trigger sees what was really tried.
COUNT_EFFECTS = (
    "CREATE TABLE effects (event_id uuid)",
    """CREATE FUNCTION count_effect() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN INSERT INTO public.effects VALUES (NEW.event_id); RETURN NEW; END'""",
    "CREATE TRIGGER effects BEFORE INSERT ON comment_history FOR EACH ROW EXECUTE FUNCTION count_effect()",
)


@dataclass
class Desk:
    """Tickets, and two replicas of comments on one database."""

    stack: Stack
    database: ServiceDatabase
    tickets: ServiceProcess
    replicas: list[ServiceProcess]
    deleted: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    done: int = 0

    async def rows(self, statement: str) -> list[asyncpg.Record]:
        return await self.database.fetch(statement)


@dataclass
class Writer:
    """One person who comments, edits and deletes at random, on tickets everybody writes to."""

    desk: Desk
    session: aiohttp.ClientSession
    paths: list[str]
    number: int
    own: list[tuple[str, str]] = field(default_factory=list)

    async def work(self, operations: int) -> None:
        chance = random.Random(self.number)  # noqa: S311 - variety, not secrecy
        for _ in range(operations):
            await self._one(chance)
            self.desk.done += 1

    async def _one(self, chance: random.Random) -> None:
        kind = chance.choices(["create", "edit", "delete"], [60, 25, 15])[0]
        if kind == "create" or not self.own:
            path = chance.choice(self.paths)
            body = await self._until_answered("POST", f"{path}/comments", {"body": f"text {chance.random()}"}, {201})
            self.own.append((path, body["id"]))
            self.desk.created.add(body["id"])
        elif kind == "edit":
            path, comment_id = chance.choice(self.own)
            await self._until_answered("PATCH", f"{path}/comments/{comment_id}", {"body": f"{chance.random()}"}, {200})
        else:
            path, comment_id = self.own.pop(chance.randrange(len(self.own)))
            await self._until_answered("DELETE", f"{path}/comments/{comment_id}", None, {204})
            self.desk.deleted.add(comment_id)

    async def _until_answered(self, method: str, path: str, body: Any, expected: set[int]) -> Any:
        headers = {"Idempotency-Key": str(uuid4())}
        for attempt in range(200):
            replica = self.desk.replicas[(self.number + attempt) % 2]
            try:
                async with self.session.request(method, replica.url + path, json=body, headers=headers) as answer:
                    text = await answer.text()
                    if answer.status in expected:
                        return await answer.json() if text else None
                    assert answer.status in {409, 503}, text
            except UNANSWERED:
                pass
            await asyncio.sleep(0.1)
        raise AssertionError(f"{method} {path} was never answered")


@pytest.fixture
async def desk(
    tickets_template: ServiceDatabase,
    comments_template: ServiceDatabase,
    issuer: TestIssuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Desk]:
    database = await clone("comments", comments_template)
    async with open_stack(tickets_template, issuer, tmp_path_factory) as stack:
        await seed_members(database.worker_url, stack.workspace)
        for statement in COUNT_EFFECTS:
            await query(stack, statement)
        tickets = stack.start_tickets()
        settings = comments_environment(stack, database, tickets.url)
        replicas = [stack.start_service("comments", settings) for _ in range(2)]
        for process in (tickets, *replicas):
            await process.ready()
        yield Desk(stack, database, tickets, replicas)
    await drop(database)


@asynccontextmanager
async def writers(desk: Desk) -> AsyncIterator[list[Writer]]:
    people = [getattr(desk.stack.workspace.ours, role) for role in ("owner", "admin", "member", "member")]
    tickets = desk.stack.client(desk.tickets, desk.stack.workspace.ours.owner)
    made = await asyncio.gather(*(tickets.create_ticket("ours", f"hot {number}") for number in range(TICKETS)))
    paths = [f"/orgs/ours/tickets/{ticket['id']}" for ticket in made]
    sessions = [
        aiohttp.ClientSession(
            headers=desk.stack.issuer.authorization(person), timeout=aiohttp.ClientTimeout(total=2, sock_connect=0.5)
        )
        for person in people
    ]
    yield [Writer(desk, session, paths, number) for number, session in enumerate(sessions)]
    for session in sessions:
        await session.close()


async def disturb(desk: Desk) -> None:
    """A crash of each replica and of the consumer, and a freeze, spread over the run."""

    async def reached(share: float) -> None:
        while desk.done < share * OPERATIONS:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.02)

    await reached(0.15)
    desk.replicas[0].sigkill()
    desk.replicas[0].start()
    await reached(0.4)
    desk.replicas[1].sigstop()
    await asyncio.sleep(3)
    desk.replicas[1].sigcont()
    await reached(0.6)
    desk.tickets.sigkill()
    desk.tickets.start()
    await reached(0.75)
    desk.replicas[1].sigkill()
    desk.replicas[1].start()


def first_deliveries(records: list[Record]) -> dict[str, Record]:
    """By event id, in the order of the topic; every repeat must be the same to the byte."""
    seen: dict[str, Record] = {}
    for record in records:
        first = seen.setdefault(record.header("ce_id") or "", record)
        assert (record.key, record.value) == (first.key, first.value)
        assert record.header("ce_sequence") == first.header("ce_sequence")
    return seen


def sequences(records: dict[str, Record], by: Any, value: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for record in records.values():
        found[by(record)].append(value(record))
    return found


def ticket_sequence(record: Record) -> int:
    return int(json.loads(record.value or b"")["ticket_sequence"])


@pytest.mark.storm
@pytest.mark.kafka
@pytest.mark.timeout(180)
async def test_order_and_once_only_effects_through_crashes_and_a_freeze(desk: Desk):
    async with writers(desk) as people, Witness(desk.stack.kafka.bootstrap_servers, COMMENTS) as witness:
        await asyncio.gather(*(writer.work(OPERATIONS // WRITERS) for writer in people), disturb(desk))
        history = {row["event_id"]: row for row in await desk.rows("SELECT * FROM history")}
        await witness.wait_until(lambda records: len(first_deliveries(records)) >= len(history), timeout=40)

        async def applied() -> bool:
            return bool((await query(desk.stack, "SELECT count(DISTINCT event_id) FROM effects"))[0][0] == len(history))

        await eventually(applied, timeout=40, service=desk.tickets)
        deliveries = first_deliveries(witness.records)

    comments = await desk.rows("SELECT id, ticket_id, version, deleted_at FROM comments")
    assert {str(row["id"]) for row in comments} == desk.created, "acknowledged and stored differ"
    assert {str(row["id"]) for row in comments if row["deleted_at"]} == desk.deleted
    assert set(deliveries) == {str(event_id) for event_id in history}, "the topic and the history differ"

    versions = sequences(deliveries, lambda r: r.header("ce_subject"), lambda r: int(r.header("ce_sequence") or 0))
    assert {key: found for key, found in versions.items() if found != list(range(1, len(found) + 1))} == {}
    assert {key: found[-1] for key, found in versions.items()} == {str(row["id"]): row["version"] for row in comments}
    threads = sequences(deliveries, lambda r: r.key, ticket_sequence)
    assert {key: found for key, found in threads.items() if found != list(range(1, len(found) + 1))} == {}

    effects = Counter(str(row["event_id"]) for row in await query(desk.stack, "SELECT event_id FROM effects"))
    assert effects == Counter(dict.fromkeys(deliveries, 1)), "an event was applied twice or never"
    not_deleted = Counter(row["ticket_id"] for row in comments if row["deleted_at"] is None)
    counts = {
        row["id"]: row["comment_count"] for row in await query(desk.stack, "SELECT id, comment_count FROM tickets")
    }
    assert counts == {ticket_id: not_deleted[ticket_id] for ticket_id in counts}
