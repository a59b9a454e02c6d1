"""A database that answers and does not serve costs consumers time, and nothing else (G18).

Every fault strikes all three databases of one running stack at once; each consumer is judged by itself. While it lasts
it is seen with its reason, and lasts until every consumer has used up its tries and holds its message. Afterwards
nobody lends a hand.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from opsdash_contracts import comments
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.topics import COMMENTS, SLA, TICKETS, catalogue, dead_letter_topic
from opsdash_local.ports import free_port
from opsdash_local.postgres import EmbeddedPostgres

from tests.integration.checks import eventually, metric, query
from tests.integration.conftest import NewStack
from tests.support import requirements
from tests.support.brokers import PARTITIONS, Witness
from tests.support.databases import FAULTS, SWITCH, WRITTEN, Databases, Fault, ServiceDatabase, make_template
from tests.support.service_process import ServiceProcess
from tests.support.sla import Due, Seed, SlaRig, notified
from tests.support.stack import Stack, comments_environment
from tests.support.workspace import Feed, Message, message, seed, seed_members

TICKETS_EACH = 12
COMMENTS_EACH = 3
DUE_IN_SECONDS = 4.0
SEEN_SECONDS = 20.0
HELD_SECONDS = 60.0
RECOVERED_SECONDS = 30.0
CONNECTIONS = 40


@dataclass
class Work:
    """What is sent during a fault: new tickets that fall due during it, and comments on them."""

    due: Due
    events: list[Message]
    comments: list[Message]


@dataclass
class HalfAway:
    """Everything runs; one fault after the other strikes all three databases at once."""

    stack: Stack
    rig: SlaRig
    databases: Databases
    services: dict[str, ServiceProcess]
    sla: Witness
    letters: Witness
    outcomes: dict[str, dict[str, BaseException | None]] = field(default_factory=dict)

    async def strike(self, name: str, fault: Fault, reason: str) -> dict[str, BaseException | None]:
        """What each consumer failed at, if anything; a fault strikes once, whoever asks for its outcome."""
        if name not in self.outcomes:
            work = await self._prepare()
            seen = await self._during(fault, reason, work)
            recovered = await self._of_each(lambda service: self._recovered(service, work))
            self.outcomes[name] = {service: seen[service] or recovered[service] for service in self.services}
        return self.outcomes[name]

    async def _during(self, fault: Fault, reason: str, work: Work) -> dict[str, BaseException | None]:
        async with fault(self.databases):
            await self._send(work)
            seen = await self._of_each(lambda service: self._not_ready(service, reason))
            held = await self._of_each(self._holds)
        return {service: seen[service] or held[service] for service in self.services}

    async def _of_each(self, judge: Callable[[str], Awaitable[None]]) -> dict[str, BaseException | None]:
        outcomes = await asyncio.gather(*(judge(service) for service in self.services), return_exceptions=True)
        return dict(zip(self.services, outcomes, strict=True))

    async def _prepare(self) -> Work:
        """Tickets in their owner's database, with events that nobody has published yet."""
        due = await self.rig.insert_silent(Seed(due_in=DUE_IN_SECONDS) for _ in range(TICKETS_EACH))
        stored = "SELECT aggregate_id, headers::text, data::text FROM history WHERE aggregate_id = ANY($1::uuid[])"
        events = [
            Message(
                [(name, value.encode()) for name, value in json.loads(row["headers"]).items()],
                str(row["aggregate_id"]).encode(),
                row["data"].encode(),
            )
            for row in await query(self.stack, stored, list(due))
        ]
        return Work(due, events, [self._comment(ticket, n) for ticket in due for n in range(1, COMMENTS_EACH + 1)])

    def _comment(self, ticket: UUID, sequence: int) -> Message:
        ours = self.stack.workspace.ours
        data = CommentEvent(
            org_id=ours.id, version=1, comment_id=uuid4(), ticket_id=ticket, ticket_sequence=sequence, parent_id=None,
            author_id=ours.owner, mentions=[], new_mentions=[], created_at=datetime.now(UTC), edited_at=None,
            edited_by=None, deleted_at=None, changes={},
        )  # fmt: skip
        return message(data, comments.CREATED)

    async def _send(self, work: Work) -> None:
        servers = self.stack.kafka.bootstrap_servers
        for topic, messages in ((TICKETS, work.events), (COMMENTS, work.comments)):
            async with Feed(servers, topic) as feed:
                for partition in range(PARTITIONS):
                    await feed.send(*messages[partition::PARTITIONS], partition=partition)

    async def _not_ready(self, service: str, reason: str) -> None:
        process, last = self.services[service], ""

        async def says() -> bool:
            nonlocal last
            status, last = await process.readiness()
            return status == 503 and reason in last

        try:
            await eventually(says, timeout=SEEN_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"readiness of {service} never said {reason!r}, last: {last}") from error
        assert await asyncio.to_thread(process.status_of, "/livez") == 200

    async def _holds(self, service: str) -> None:
        """All tries are used up: what is held now would be thrown away by a consumer that gives up."""

        async def held() -> bool:
            self._assert_nothing_set_aside(service)
            return await metric(self.services[service], "opsdash_consumer_paused") > 0

        await eventually(held, timeout=HELD_SECONDS, service=self.services[service])

    async def _recovered(self, service: str, work: Work) -> None:
        """In time and without a hand: everything applied, nothing set aside, ready, the same process."""
        process = self.services[service]
        done = {"tickets": self._counted, "comments": self._known, "sla-monitor": self._told}[service]

        async def well() -> bool:
            return await done(work) and await asyncio.to_thread(process.is_ready)

        await eventually(well, timeout=RECOVERED_SECONDS, service=process)
        assert process.exit_code is None
        self._assert_nothing_set_aside(service)

    def _assert_nothing_set_aside(self, service: str) -> None:
        letters = [letter for letter in self.letters.records if letter.topic.startswith(f"{service}.")]
        assert not letters, "good messages are among the dead letters"

    async def _counted(self, work: Work) -> bool:
        counts = "SELECT comment_count FROM tickets WHERE id = ANY($1::uuid[])"
        rows = await query(self.stack, counts, list(work.due))
        return [row["comment_count"] for row in rows] == [COMMENTS_EACH] * len(work.due)

    async def _known(self, work: Work) -> bool:
        threads = "SELECT ticket_id FROM threads WHERE ticket_id = ANY($1::uuid[])"
        return len(await self.databases.of["comments"].fetch(threads, list(work.due))) == len(work.due)

    async def _told(self, work: Work) -> bool:
        return self.rig.breach_ids(work.due) <= set(notified(self.sla))


async def _make_databases(server: EmbeddedPostgres, disk: Path | None) -> dict[str, ServiceDatabase]:
    made = {service: await make_template(service, server.admin_url) for service in WRITTEN}
    if disk is not None:
        await made["tickets"].fetch(f"CREATE TABLESPACE small LOCATION '{disk}'")
    for database in made.values():
        if disk is not None:
            await database.alter("SET TABLESPACE small")
        for statement in SWITCH:
            await database.fetch(statement)
    return made


@asynccontextmanager
async def half_away(new_stack: NewStack, home: Path) -> AsyncIterator[HalfAway]:
    """A server and, where there can be one, a small disk of their own."""
    server = EmbeddedPostgres(home / "postgres", free_port(), durable=False, max_connections=CONNECTIONS)
    with nullcontext() if requirements.small_disk_missing() else requirements.mounted_disk(home / "disk") as disk:
        await asyncio.to_thread(server.start)
        try:
            databases = Databases(server, await _make_databases(server, disk), disk)
            async with new_stack() as stack, _running(stack, databases) as made:
                yield made
        finally:
            await asyncio.to_thread(server.stop)


@asynccontextmanager
async def _running(stack: Stack, databases: Databases) -> AsyncIterator[HalfAway]:
    stack.database = databases.of["tickets"]
    await seed(stack.database.worker_url, stack.workspace)
    await seed_members(databases.of["comments"].worker_url, stack.workspace)
    rig = SlaRig(stack, databases.of["sla-monitor"])
    tickets = rig.running_tickets = stack.start_tickets()
    environment = comments_environment(stack, databases.of["comments"], tickets.url)
    services = {
        "tickets": tickets,
        "comments": stack.start_service("comments", environment),
        "sla-monitor": rig.start_monitor(OPSDASH_SWEEP_SECONDS="2"),
    }
    for process in services.values():
        await process.ready()
    aside = [
        dead_letter_topic(service, topic)
        for topic, entry in catalogue().items()
        if entry.dead_letters
        for service in entry.consumers
    ]
    aside = [topic for topic in aside if topic.partition(".")[0] in services]
    servers = stack.kafka.bootstrap_servers
    async with Witness(servers, SLA) as sla, Witness(servers, *aside) as letters:
        yield HalfAway(stack, rig, databases, services, sla, letters)


pytestmark = [pytest.mark.storm, pytest.mark.kafka]

NEEDS = {"full": [pytest.mark.needs("small-disk")]}


@pytest.fixture(scope="module")
async def running(new_stack: NewStack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HalfAway]:
    async with half_away(new_stack, tmp_path_factory.mktemp("half-away")) as made:
        yield made


@pytest.mark.parametrize("consumer", list(WRITTEN))
@pytest.mark.parametrize("fault", [pytest.param(name, marks=NEEDS.get(name, [])) for name in FAULTS])
async def test_what_came_meanwhile_is_applied_afterwards_and_nothing_is_set_aside(
    running: HalfAway, fault: str, consumer: str
):
    outcomes = await running.strike(fault, *FAULTS[fault])
    if failure := outcomes[consumer]:
        raise failure
