"""Mails of running replicas judged at the mail server: killed, frozen, without a server for ten minutes, and 5,000."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from email.message import EmailMessage

import pytest
from opsdash_contracts.envelope import Event
from opsdash_contracts.notices import Channel, Reason, notice_id
from opsdash_contracts.sla import SlaNotice

from services.notifications.tests.conftest import Running
from services.notifications.tests.mail.conftest import FakeMailServer
from services.notifications.tests.mail.test_service import environment
from services.notifications.tests.test_exactly_once import Scenario, shuffled
from tests.support.fixtures import seed_of, seed_told
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess

pytestmark = [pytest.mark.storm, pytest.mark.timeout(1200)]

TICKETS_A_SEED = 8
LISTED = re.compile(r"^\[#\d+\]", re.MULTILINE)
LEASE = timedelta(seconds=121)


@pytest.fixture
async def mail_server() -> AsyncIterator[FakeMailServer]:
    server = FakeMailServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def replicas(running: Running, mail_server: FakeMailServer) -> AsyncIterator[list[ServiceProcess]]:
    """Three; everybody has an address and waits for no delay."""
    await running.query(
        "UPDATE members SET email = substr(md5(user_id::text), 1, 12) || '@brightside.example' WHERE org_id = $1",
        running.ours.id,
    )
    started = [await running.start(**environment(mail_server)) for _ in range(3)]
    for person in (running.ours.owner, running.ours.admin, running.ours.member, running.ours.viewer):
        await running.client(person).call("PATCH", "/me/notifications", {"mail_delay_seconds": 0})
    yield started
    for process in started:
        process.sigkill()


async def pass_by(running: Running, time: timedelta, *, leaving: bool = True) -> None:
    """Let what waits have waited so much longer; `leaving`: also what a process has time for, as if that were over."""
    await running.query(
        "UPDATE mails SET due_at = due_at - $1::interval WHERE notice_id IN ("
        " SELECT notice_id FROM mails WHERE $2 OR mail_id IS NULL FOR UPDATE SKIP LOCKED)",
        time,
        leaving,
    )
    await running.query(
        "UPDATE mail_turns SET due_at = due_at - $1::interval, gathers_until = gathers_until - $1::interval,"
        " left_at = ARRAY(SELECT at - $1::interval FROM unnest(left_at) at)"
        " WHERE user_id IN (SELECT user_id FROM mail_turns FOR UPDATE SKIP LOCKED)",
        time,
    )


async def all_have_left(running: Running, *, leaving: bool = True) -> None:
    """What waits for a digest, or for the time of a process that was killed, need not be waited for here."""

    async def waiting() -> int:
        left = await running.query("SELECT count(*) FROM mails")
        if left[0][0]:
            await pass_by(running, LEASE, leaving=leaving)
        return int(left[0][0])

    await eventually(waiting, lambda count: count == 0, timeout=120)


async def harm(running: Running, server: FakeMailServer, replicas: list[ServiceProcess], chance: random.Random) -> None:
    """Kill one replica, freeze another, stop the mail server for a moment, and start what is gone."""
    victim, frozen = chance.sample(range(len(replicas)), 2)
    await asyncio.sleep(chance.uniform(0, 1.5))
    replicas[frozen].sigstop()
    await server.stop()
    replicas[victim].sigkill()
    await asyncio.sleep(chance.uniform(0.1, 0.6))
    if chance.random() < 0.5:
        await pass_by(running, LEASE)  # the one that is frozen has lost its time
    replicas[victim] = await running.start(**environment(server))
    await server.start()
    replicas[frozen].sigcont()


def plain_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


async def check_the_sink(running: Running, server: FakeMailServer) -> None:
    """Every mail of the ledger is in one that was taken, and those with one Message-ID say the same."""
    ledger = await running.query(
        "SELECT (data ->> 'notice_id')::uuid AS notice_id, event_type FROM history WHERE data ->> 'channel' = 'mail'"
    )
    assert len(ledger) == len({row["notice_id"] for row in ledger}), "something became of each mail once"
    sent = {row["notice_id"] for row in ledger if row["event_type"] == "notice.sent"}
    assert sent
    by_id = dict[str, set[tuple[str, str]]]()
    for mail in server.taken:
        by_id.setdefault(str(mail["Message-ID"]), set()).add((str(mail["To"]), plain_of(mail)))
    assert {identity for identity, said in by_id.items() if len(said) != 1} == set()
    mails = [plain for said in by_id.values() for _, plain in said]
    assert sum(len(LISTED.findall(plain)) for plain in mails) == len(sent)


@pytest.mark.parametrize("seeds", [8])
async def test_replicas_that_are_killed_and_frozen_send_every_mail(
    running: Running, mail_server: FakeMailServer, replicas: list[ServiceProcess], seeds: int
) -> None:
    scenarios = list[Scenario]()
    for seed in range(seeds):
        chance = random.Random(seed_of("mails", str(seed)))  # noqa: S311 - variety, not secrecy
        new = [Scenario.of(running, len(scenarios) + number) for number in range(1, TICKETS_A_SEED + 1)]
        scenarios += new
        events = shuffled(new, chance)
        await asyncio.gather(running.send(*events), harm(running, mail_server, replicas, chance))
        await running.handled(events)
    await all_have_left(running)
    with seed_told():
        await check_the_sink(running, mail_server)
        told = {pair for scenario in scenarios for pair in scenario.told}
        ledger = await running.query(
            "SELECT (data ->> 'source_event_id')::uuid AS event, (data ->> 'recipient_id')::uuid AS person FROM history"
            " WHERE data ->> 'channel' = 'mail'"
        )
        assert {(row["event"], row["person"]) for row in ledger} >= told


async def test_ten_minutes_without_a_mail_server_lose_nothing_and_stop_no_consumer(
    running: Running, mail_server: FakeMailServer, replicas: list[ServiceProcess]
) -> None:
    assert len(replicas) == 3
    await mail_server.stop()
    people = (running.ours.admin, running.ours.viewer)
    expected = set[str]()
    for minute in range(10):
        stories = [running.story(number=minute * 2 + place) for place in (1, 2)]
        events: list[Event[object]] = []
        for story in stories:
            comment = story.commented(running.ours.owner, mentions=people)
            events += [story.created(), comment]
            ids = [
                notice_id(running.ours.id, comment.envelope.id, person, Channel.MAIL, Reason.MENTIONED)
                for person in people
            ]
            expected |= {f"<{identity}@opsdash.example>" for identity in ids}
        await running.send(*events)
        await running.handled(events)
        await pass_by(running, timedelta(minutes=1))
    inbox = await running.query("SELECT user_id, count(*) AS tickets FROM inbox_rows GROUP BY user_id")
    assert {row["user_id"]: row["tickets"] for row in inbox}.items() >= dict.fromkeys(people, 20).items()
    assert mail_server.taken == []
    await mail_server.start()
    await all_have_left(running)
    await check_the_sink(running, mail_server)
    taken = {str(mail["Message-ID"]) for mail in mail_server.taken}
    assert len(taken & expected) == 2 * 10, "ten to each of two people in a minute, the others are digests"


async def test_five_thousand_breaches_of_one_person_are_ten_mails_and_digests(
    running: Running, mail_server: FakeMailServer, replicas: list[ServiceProcess]
) -> None:
    assert len(replicas) == 3
    admin, other = running.ours.admin, running.ours.viewer
    breaches = [running.story(number=number, assignee=admin).breached() for number in range(1, 5001)]
    await send_at_once(running, breaches)
    story = running.story(number=6000)
    comment = story.commented(running.ours.owner, mentions=[other])
    await running.send(story.created(), comment)
    await eventually(
        lambda: running.query("SELECT FROM inbox_rows WHERE user_id = $1", admin),
        lambda rows: len(rows) == len(breaches),
        timeout=300,
    )
    assert len(await lateness_of_mails(running, other)) == 1, "their mail did not wait for the 5,000"
    assert (await lateness_of_mails(running, other))[0] < 10_000 + await lateness_of_inbox(running, other)
    await all_have_left(running, leaving=False)
    await check_the_sink_of_many(running, mail_server, len(breaches))


async def send_at_once(running: Running, events: Sequence[Event[SlaNotice]]) -> None:
    """Side by side, as a monitor that has found them all."""
    size = len(events) // 10
    await asyncio.gather(*(running.send(*events[start : start + size]) for start in range(0, len(events), size)))


async def lateness_of_mails(running: Running, person: object) -> list[int]:
    rows = await running.query(
        "SELECT (data ->> 'lateness_ms')::int AS late FROM history"
        " WHERE data ->> 'channel' = 'mail' AND data ->> 'recipient_id' = $1 AND event_type = 'notice.sent'",
        str(person),
    )
    return [row["late"] for row in rows]


async def lateness_of_inbox(running: Running, person: object) -> int:
    rows = await running.query(
        "SELECT (data ->> 'lateness_ms')::int AS late FROM history"
        " WHERE data ->> 'channel' = 'inbox' AND data ->> 'recipient_id' = $1",
        str(person),
    )
    return int(rows[0]["late"])


async def check_the_sink_of_many(running: Running, server: FakeMailServer, breaches: int) -> None:
    address = (await running.query("SELECT email FROM members WHERE user_id = $1", running.ours.admin))[0]["email"]
    mails = [mail for mail, recipient in zip(server.taken, server.recipients, strict=True) if recipient == address]
    single = [mail for mail in mails if str(mail["Subject"]).startswith("[#")]
    digests = [int(str(mail["Subject"]).split()[1]) for mail in mails if mail not in single]
    assert len({str(mail["Message-ID"]) for mail in mails}) == len(mails)
    assert len(single) + sum(digests) == breaches
    assert len(single) % 10 == 0, "ten at a time"
    assert len(digests) < breaches / 100
