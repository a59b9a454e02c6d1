"""Reminders whose time has come, on a real database: who is told, once, and what becomes of the note."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from opsdash_contracts.envelope import Event
from opsdash_contracts.workspace import Kind, Member, Removed, Role, removed, upserted
from opsdash_notifications.batches import one_batch
from opsdash_notifications.inbox import repository as inbox_repository
from opsdash_notifications.reminders import repository, service
from opsdash_notifications.reminders.consumers import TICKET_HANDLERS
from opsdash_notifications.reminders.repository import Reminder

from services.notifications.tests.conftest import Desk
from services.notifications.tests.happenings import TicketStory, now
from tests.support.databases import ServiceDatabase

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("installed_long_ago")]

SENT, SKIPPED = "notice.sent", "notice.skipped"
NOTE = "Ask whether the refund has arrived."
AGO = timedelta(seconds=-2)


@pytest.fixture
async def story(desk: Desk) -> TicketStory:
    """A ticket that nobody watches."""
    story = desk.story()
    await desk.apply(story.created())
    await desk.connection.execute("UPDATE watches SET state = 'ended'")
    return story


async def set_reminders(
    database: ServiceDatabase, wanted: Iterable[tuple[TicketStory, UUID, datetime]], *, note: str | None = None
) -> list[UUID]:
    """One for each ticket, person and time; their ids."""
    connection = await asyncpg.connect(database.app_url)
    found = list[UUID]()
    for story, person, at in wanted:
        reminder = Reminder(uuid4(), story.id, story.number, at, note, now(), 1)
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.org_id', $1, true)", str(story.org_id))
            assert await repository.add(connection, story.org_id, person, reminder)
        found.append(reminder.id)
    await connection.close()
    return found


async def remind(
    desk: Desk, story: TicketStory, person: UUID, *, note: str | None = NOTE, ahead: timedelta = AGO
) -> UUID:
    """Its time has come, unless it is ahead."""
    (identity,) = await set_reminders(desk.database, [(story, person, now() + ahead)], note=note)
    return identity


async def look(desk: Desk) -> int:
    async with desk.work() as work:
        return await one_batch(work, repository.take_due, service.REMINDERS)


async def left(desk: Desk) -> int:
    return int(await desk.connection.fetchval("SELECT count(*) FROM reminders"))


async def mails(desk: Desk) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await desk.connection.fetch("SELECT user_id, reason, note FROM mails")]


class TestDue:
    @pytest.mark.parametrize("role", ["owner", "admin", "member", "viewer"])
    async def test_whoever_set_it_has_a_row_with_the_note_a_mail_and_a_notice(
        self, desk: Desk, story: TicketStory, role: str
    ):
        person: UUID = getattr(desk.ours, role)
        identity = await remind(desk, story, person)
        assert await look(desk) == 1
        rows = await desk.rows()
        assert rows.keys() == {person}
        row = rows[person]
        assert (row["reason"], row["note"], row["number"], row["state"]) == ("reminder", NOTE, story.number, "unread")
        assert row["actor_id"] is None
        assert await mails(desk) == [(person, "reminder", NOTE)]
        assert await desk.notices() == [(SENT, "inbox", "reminder", person)]
        source = await desk.connection.fetchval("SELECT data ->> 'source_event_id' FROM history")
        assert source == str(identity)

    async def test_the_note_stays_in_this_service(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member)
        await look(desk)
        published = await desk.connection.fetch("SELECT data::text, headers::text FROM history")
        assert len(published) == 1
        assert "refund" not in json.dumps([tuple(row) for row in published])

    async def test_it_is_told_once_and_one_that_is_ahead_is_not(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member)
        await remind(desk, story, desk.ours.member, ahead=timedelta(minutes=1))
        assert [await look(desk), await look(desk)] == [1, 0]
        assert (await desk.rows())[desk.ours.member]["count"] == 1
        assert await left(desk) == 1

    async def test_more_than_a_batch_are_all_told(self, desk: Desk, story: TicketStory):
        for _ in range(service.REMINDERS.batch + 2):
            await remind(desk, story, desk.ours.member)
        assert [await look(desk), await look(desk)] == [service.REMINDERS.batch, 2]
        assert (await desk.rows())[desk.ours.member]["count"] == service.REMINDERS.batch + 2

    async def test_one_of_long_ago_is_told_late_and_without_a_mail(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member, ahead=-timedelta(days=30))
        assert [await look(desk), await look(desk)] == [1, 0]
        assert (await desk.rows())[desk.ours.member]["note"] == NOTE
        assert await desk.notices() == [
            (SENT, "inbox", "reminder", desk.ours.member), (SKIPPED, "mail", "too_old", desk.ours.member),
        ]  # fmt: skip

    async def test_who_muted_the_ticket_has_asked_for_it_all_the_same(self, desk: Desk, story: TicketStory):
        await desk.connection.execute("UPDATE watches SET state = 'muted'")
        await remind(desk, story, desk.ours.member)
        await look(desk)
        assert (await desk.rows()).keys() == {desk.ours.member}


class TestDropped:
    async def test_of_a_ticket_that_is_deleted(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member)
        await desk.apply(story.deleted(by=desk.ours.owner))
        assert await look(desk) == 1
        assert (await desk.rows(), await desk.notices(), await left(desk)) == ({}, [], 0)

    async def test_but_not_of_one_that_has_come_back(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member)
        await desk.apply(story.deleted(by=desk.ours.owner), story.restored(by=desk.ours.owner))
        await look(desk)
        assert (await desk.rows()).keys() == {desk.ours.member}

    async def test_with_a_ticket_that_is_purged(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member, ahead=timedelta(days=1))
        purged = story.purged()
        async with desk.work() as work:
            await TICKET_HANDLERS[purged.envelope.type](work, purged)
        assert await left(desk) == 0

    async def test_with_a_person_who_leaves(self, desk: Desk, story: TicketStory):
        eve, membership = uuid4(), uuid4()
        member = Member(
            org_id=desk.ours.id, member_id=membership, user_id=eve, name="Eve", email=None, role=Role.MEMBER, version=1
        )
        gone = Removed(org_id=desk.ours.id, kind=Kind.MEMBER, id=membership, version=2)
        await desk.apply(Event.of(member, type=upserted(Kind.MEMBER), id=uuid4(), time=now()))
        await remind(desk, story, eve, ahead=timedelta(days=1))
        await remind(desk, story, desk.ours.member, ahead=timedelta(days=1))
        await desk.apply(Event.of(gone, type=removed(Kind.MEMBER), id=uuid4(), time=now()))
        assert await desk.connection.fetchval("SELECT array_agg(user_id) FROM reminders") == [desk.ours.member]

    async def test_of_somebody_who_is_no_member_without_a_word(self, desk: Desk, story: TicketStory):
        await remind(desk, story, uuid4())
        assert await look(desk) == 1
        assert (await desk.rows(), await desk.notices(), await left(desk)) == ({}, [], 0)

    async def test_in_an_org_without_support(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member)
        await desk.connection.execute("UPDATE orgs SET plate = 'free' WHERE org_id = $1", desk.ours.id)
        await look(desk)
        assert (await desk.rows(), await desk.notices()) == ({}, [])


class TestNote:
    async def test_stays_while_the_row_is_unread_and_goes_with_what_comes_after_it_was_read(
        self, desk: Desk, story: TicketStory
    ):
        await remind(desk, story, desk.ours.member)
        await look(desk)
        await desk.apply(story.commented(desk.ours.owner, mentions=[desk.ours.member]))
        row = (await desk.rows())[desk.ours.member]
        assert (row["reason"], row["note"], row["count"]) == ("mentioned", NOTE, 2)
        await remind(desk, story, desk.ours.member, note="And the other one?")
        await look(desk)
        assert (await desk.rows())[desk.ours.member]["note"] == "And the other one?"
        async with desk.work() as work:
            await inbox_repository.seen(work.connection, desk.ours.id, desk.ours.member, story.id)
        await desk.apply(story.commented(desk.ours.owner))
        assert (await desk.rows())[desk.ours.member]["note"] is None

    async def test_without_one_nothing_is_said(self, desk: Desk, story: TicketStory):
        await remind(desk, story, desk.ours.member, note=None)
        await look(desk)
        assert (await desk.rows())[desk.ours.member]["note"] is None
        assert await mails(desk) == [(desk.ours.member, "reminder", None)]
