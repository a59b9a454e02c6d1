"""Each reminder is told once, in time, whatever becomes of the replicas; one that was due meanwhile is told late."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from opsdash_contracts.topics import NOTICES

from services.notifications.tests.conftest import Running
from services.notifications.tests.happenings import TicketStory, now
from services.notifications.tests.reminders.test_telling import set_reminders
from services.notifications.tests.test_exactly_once import harm
from tests.support.brokers import Witness
from tests.support.fixtures import seed_of, seed_told
from tests.support.measurements import eventually

REMINDERS_A_SEED = 40


async def all_told(running: Running) -> None:
    await eventually(lambda: running.query("SELECT FROM reminders"), lambda left: left == [], timeout=60)


async def told(running: Running) -> list[UUID]:
    """The reminders that were told, by their ids."""
    rows = await running.query("""
        SELECT (data ->> 'source_event_id')::uuid AS reminder FROM history
        WHERE event_type = 'notice.sent' AND data ->> 'reason' = 'reminder' AND data ->> 'channel' = 'inbox'
    """)
    return [row["reminder"] for row in rows]


@pytest.mark.kafka
async def test_what_was_due_while_the_service_was_down_is_told_when_it_is_back(running: Running):
    story, viewer = running.story(), running.ours.viewer
    process = await running.start()
    await running.send(created := story.created())
    await running.handled([created])
    process.sigkill()
    missed = await set_reminders(running.database, [(story, viewer, now()), (story, running.ours.admin, now())])
    replicas = [await running.start() for _ in range(2)]
    await all_told(running)
    assert sorted(await told(running)) == sorted(missed)
    rows = await running.query("SELECT user_id, count FROM inbox_rows")
    assert {(row["user_id"], row["count"]) for row in rows} == {(viewer, 1), (running.ours.admin, 1)}
    for replica in replicas:
        replica.sigkill()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seeds", [pytest.param(2, marks=pytest.mark.kafka), pytest.param(50, marks=pytest.mark.storm)])
async def test_three_replicas_killed_and_frozen_tell_each_reminder_once(running: Running, seeds: int):
    replicas = [await running.start() for _ in range(3)]
    stories = [running.story(number=number) for number in range(1, 6)]
    events = [story.created() for story in stories]
    await running.send(*events)
    await running.handled(events)
    people = [running.ours.owner, running.ours.admin, running.ours.member, running.ours.viewer]
    wanted = list[UUID]()
    for seed in range(seeds):
        chance = random.Random(seed_of("reminders", str(seed)))  # noqa: S311 - variety, not secrecy
        due = [_due(chance, stories, people) for _ in range(REMINDERS_A_SEED)]
        wanted += await set_reminders(running.database, due)
        await harm(running, replicas, chance)
        await all_told(running)
    async with Witness(running.broker.bootstrap_servers, NOTICES) as witness:
        await eventually(lambda: running.query("SELECT FROM outbox"), lambda left: left == [], timeout=60)
        records = await witness.settle(quiet_seconds=1)
    with seed_told():
        assert sorted(await told(running)) == sorted(wanted)
        counted = await running.query("SELECT sum(count) AS notices, sum(version) AS changes FROM inbox_rows")
        assert tuple(counted[0]) == (len(wanted), len(wanted)), "every reminder changed one row once"
        published = {(record.header("ce_id"), record.value) for record in records}
        assert len(published) == len(wanted), "repeats are identical"
    for replica in replicas:
        replica.sigkill()


def _due(chance: random.Random, stories: list[TicketStory], people: list[UUID]) -> tuple[TicketStory, UUID, datetime]:
    """Within the time in which replicas are killed and frozen."""
    return chance.choice(stories), chance.choice(people), now() + timedelta(seconds=chance.uniform(0.2, 2))
