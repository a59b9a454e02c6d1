"""One row and one notice for each event and person, whatever becomes of the replicas."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from opsdash_contracts.envelope import Event
from opsdash_contracts.topics import NOTICES

from services.notifications.tests.conftest import Running
from services.notifications.tests.happenings import TicketStory, replayed
from tests.support.brokers import Record, Witness
from tests.support.fixtures import seed_of, seed_told
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess

KILLED = -9


@pytest.mark.kafka
class TestOnce:
    @pytest.mark.parametrize("point", ["after_effect_before_commit_offset", "after_publish_before_mark"])
    async def test_a_process_that_is_killed_and_every_event_twice_make_one_row_and_one_notice(
        self, running: Running, point: str
    ):
        stories = [running.story(number=number) for number in range(1, 9)]
        events: list[Event[Any]] = [story.created() for story in stories]
        assigned = [story.assigned(running.ours.admin, by=running.ours.owner) for story in stories]
        comments = [story.commented(running.ours.owner, mentions=[running.ours.viewer]) for story in stories]
        doomed = await running.start(OPSDASH_CRASH_AT=point)
        await running.send(*events, *assigned, *events, *assigned)
        assert await asyncio.to_thread(doomed.wait_exit, 20) == KILLED
        process = await running.start()
        await running.handled([*events, *assigned])
        await running.send(*comments, *comments, *assigned)
        await running.handled(comments)
        async with Witness(running.broker.bootstrap_servers, NOTICES) as witness:
            await eventually(lambda: running.query("SELECT FROM outbox"), lambda left: left == [])
            records = await witness.settle(quiet_seconds=0.5)
        process.sigkill()
        found = await running.query("SELECT user_id, count FROM inbox_rows")
        told = {(row["user_id"], row["count"]) for row in found}
        assert told == {(running.ours.admin, 2), (running.ours.viewer, 1), (running.ours.member, 1)}
        assert len(found) == 3 * len(stories)
        published = {record.header("ce_id"): record.value for record in records}
        assert len(published) == len(stories) * (1 + 1 + 2), "assigned, mentioned, and two who watch"
        assert {(record.header("ce_id"), record.value) for record in records} == set(published.items())

    async def test_topics_that_are_sent_again_tell_nobody(self, running: Running):
        story = running.story(assignee=running.ours.admin)
        events = [story.created(), story.reopened(by=running.ours.owner), story.breached()]
        comment = story.commented(running.ours.owner, mentions=[running.ours.viewer])
        process = await running.start()
        await running.send(*map(replayed, events))
        await running.handled(events)
        await running.send(replayed(comment))
        await running.handled([comment])
        assert await running.query("SELECT * FROM inbox_rows") == []
        assert await running.query("SELECT * FROM history") == []
        assert len(await running.query("SELECT * FROM watches")) == 4
        fresh = story.breached()
        await running.send(fresh)
        await running.handled([fresh])
        assert len(await running.query("SELECT * FROM inbox_rows")) == 4
        process.sigkill()


TICKETS_A_SEED = 12


@dataclass
class Scenario:
    """What happens to one ticket: each topic in its order, the topics side by side, and everything sometimes twice."""

    story: TicketStory
    topics: list[list[Event[Any]]]
    told: set[tuple[UUID, UUID]]

    @classmethod
    def of(cls, running: Running, number: int) -> Scenario:
        """`told`: event and person, of those who are told whatever topic was read first."""
        story, ours = running.story(number=number), running.ours
        created, assigned = story.created(), story.assigned(ours.admin, by=ours.owner)
        comment, breach = story.commented(ours.owner, mentions=[ours.viewer]), story.breached()
        told = {
            (assigned.envelope.id, ours.admin),
            (comment.envelope.id, ours.viewer),
            (breach.envelope.id, ours.admin),
        }
        return cls(story, [[created, assigned], [comment], [breach]], told)


def shuffled(scenarios: Iterable[Scenario], chance: random.Random) -> list[Event[Any]]:
    """One order for all of them in which each topic of a ticket keeps its own."""
    queues = [list(queue) * chance.choice((1, 2)) for scenario in scenarios for queue in scenario.topics]
    order = list[Event[Any]]()
    while queues:
        queue = chance.choice(queues)
        order.append(queue.pop(0))
        queues = [left for left in queues if left]
    return order


async def harm(running: Running, replicas: list[ServiceProcess], chance: random.Random) -> None:
    """Kill one replica, freeze another for longer than a moment, and start a new one: the group shares anew."""
    victim, frozen = chance.sample(range(len(replicas)), 2)
    await asyncio.sleep(chance.uniform(0, 0.3))
    replicas[victim].sigkill()
    replicas[frozen].sigstop()
    await asyncio.sleep(chance.uniform(0.1, 0.6))
    replicas[victim] = await running.start()
    replicas[frozen].sigcont()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seeds", [pytest.param(3, marks=pytest.mark.kafka), pytest.param(50, marks=pytest.mark.storm)])
async def test_three_replicas_killed_and_frozen_tell_each_person_of_each_event_once(running: Running, seeds: int):
    replicas = [await running.start() for _ in range(3)]
    scenarios = list[Scenario]()
    for seed in range(seeds):
        chance = random.Random(seed_of("notices", str(seed)))  # noqa: S311 - variety, not secrecy
        new = [Scenario.of(running, len(scenarios) + number) for number in range(1, TICKETS_A_SEED + 1)]
        scenarios += new
        events = shuffled(new, chance)
        await asyncio.gather(running.send(*events), harm(running, replicas, chance))
        await running.handled(events)
    async with Witness(running.broker.bootstrap_servers, NOTICES) as witness:
        await eventually(lambda: running.query("SELECT FROM outbox"), lambda left: left == [], timeout=60)
        records = await witness.settle(quiet_seconds=1)
    with seed_told():
        await check(running, scenarios, records)
    for replica in replicas:
        replica.sigkill()


async def check(running: Running, scenarios: Iterable[Scenario], records: Iterable[Record]) -> None:
    sent = await running.query("""
        SELECT (data ->> 'source_event_id')::uuid AS event, (data ->> 'recipient_id')::uuid AS person, event_id
        FROM history WHERE event_type = 'notice.sent'
    """)
    told = [(row["event"], row["person"]) for row in sent]
    assert len(told) == len(set(told))
    assert set(told) >= set().union(*(scenario.told for scenario in scenarios))
    counted = await running.query("SELECT sum(count) AS notices, sum(version) AS changes FROM inbox_rows")
    assert tuple(counted[0]) == (len(told), len(told)), "every notice changed one row once"
    gaps = await running.query("""
        SELECT aggregate_id FROM history GROUP BY aggregate_id
        HAVING count(*) <> max(aggregate_version) OR min(aggregate_version) <> 1
    """)
    assert gaps == []
    published = {(record.header("ce_id"), record.value) for record in records}
    assert {identity for identity, _ in published} == {str(row["event_id"]) for row in sent}
    assert len(published) == len(sent), "repeats are identical"
