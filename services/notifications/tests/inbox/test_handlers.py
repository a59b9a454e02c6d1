"""Events become rows of inboxes and notices to publish, in one transaction, on a real database."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from opsdash_chassis.errors import Unavailable
from opsdash_contracts.envelope import Event
from opsdash_contracts.workspace import Kind, Member, Removed, Role, removed, upserted
from opsdash_notifications.inbox import repository
from opsdash_notifications.tickets.model import KnownTicket

from services.notifications.tests.conftest import Desk
from services.notifications.tests.happenings import now, replayed, usage_noticed

pytestmark = pytest.mark.integration

SENT, SKIPPED = "notice.sent", "notice.skipped"


class TestTelling:
    async def test_an_assignment_is_a_row_of_the_assignee_and_a_notice(self, desk: Desk):
        story = desk.story()
        await desk.apply(story.created(), story.assigned(desk.ours.admin, by=desk.ours.owner))
        row = (await desk.rows())[desk.ours.admin]
        assert (row["reason"], row["count"], row["state"], row["number"]) == ("assigned", 1, "unread", 1)
        assert (row["actor_id"], json.loads(row["reasons"])) == (desk.ours.owner, {"assigned": 1})
        assert await desk.notices() == [(SENT, "inbox", "assigned", desk.ours.admin)]

    async def test_a_person_has_one_row_for_a_ticket_with_the_newest_reason_and_how_often(self, desk: Desk):
        story, member = desk.story(), desk.ours.member
        await desk.apply(
            story.created(),
            story.commented(desk.ours.owner),
            story.moved(by=desk.ours.owner),
            story.commented(desk.ours.admin, mentions=[member]),
        )
        row = (await desk.rows())[member]
        assert (row["reason"], row["count"], row["actor_id"]) == ("mentioned", 3, desk.ours.admin)
        assert json.loads(row["reasons"]) == {"commented": 1, "status_changed": 1, "mentioned": 1}

    async def test_counting_begins_anew_after_reading(self, desk: Desk):
        story, member = desk.story(), desk.ours.member
        await desk.apply(story.created(), story.commented(desk.ours.owner))
        async with desk.work() as work:
            await repository.seen(work.connection, desk.ours.id, member, story.id)
        before = (await desk.rows())[member]
        await desk.apply(story.commented(desk.ours.owner))
        after = (await desk.rows())[member]
        assert (before["state"], after["state"], after["count"]) == ("read", "unread", 1)
        assert after["id"] > before["id"]
        assert after["version"] == before["version"] + 1

    async def test_a_breach_goes_to_the_assignee_and_to_watchers(self, desk: Desk):
        story = desk.story(assignee=desk.ours.admin)
        await desk.apply(story.created(), story.breached())
        rows = await desk.rows()
        assert {user: row["reason"] for user, row in rows.items()} == {
            desk.ours.admin: "sla_breached",
            desk.ours.member: "sla_breached",
        }

    async def test_what_is_about_the_org_has_no_ticket(self, desk: Desk):
        await desk.apply(usage_noticed(desk.ours.id))
        rows = await desk.rows()
        assert rows.keys() == {desk.ours.owner, desk.ours.admin}
        assert {(row["subject_id"], row["number"]) for row in rows.values()} == {(desk.ours.id, None)}

    async def test_an_org_without_support_is_notified_nothing(self, desk: Desk):
        free = desk.workspace.free
        story = desk.story(free)
        await desk.apply(story.created(), story.assigned(free.admin, by=free.owner), story.breached())
        assert (await desk.rows(free), await desk.notices()) == ({}, [])

    async def test_who_muted_the_ticket_is_not_told_and_the_ledger_says_so(self, desk: Desk):
        story, member = desk.story(), desk.ours.member
        await desk.apply(story.created())
        await desk.connection.execute("UPDATE watches SET state = 'muted' WHERE user_id = $1", member)
        await desk.apply(story.commented(desk.ours.owner, mentions=[member]))
        assert await desk.rows() == {}
        assert await desk.notices() == [(SKIPPED, "inbox", "muted", member)]

    async def test_notices_of_a_ticket_are_numbered_without_a_gap(self, desk: Desk):
        story = desk.story(assignee=desk.ours.admin)
        await desk.apply(story.created(), story.breached(), story.commented(desk.ours.owner))
        found = await desk.connection.fetch("SELECT aggregate_version FROM history WHERE aggregate_id = $1", story.id)
        assert sorted(row["aggregate_version"] for row in found) == [*range(1, len(found) + 1)]
        assert len(found) == 1 + 2 + 2


@pytest.mark.usefixtures("installed_long_ago")
class TestTooLate:
    async def test_an_event_older_than_six_hours_is_a_row_and_no_mail(self, desk: Desk):
        story = desk.story()
        await desk.apply(story.created(), story.commented(desk.ours.owner, at=now() - timedelta(hours=7)))
        assert (await desk.rows()).keys() == {desk.ours.member}
        assert await desk.notices() == [
            (SENT, "inbox", "commented", desk.ours.member),
            (SKIPPED, "mail", "too_old", desk.ours.member),
        ]

    async def test_a_breach_may_be_a_day_old(self, desk: Desk):
        story = desk.story()
        await desk.apply(story.created(), story.breached(at=now() - timedelta(hours=7)))
        assert {what for _, _, what, _ in await desk.notices()} == {"sla_breached"}
        await desk.apply(story.breached(at=now() - timedelta(hours=25)))
        told = [one for one in await desk.notices() if one[2] == "too_old"]
        assert {person for *_, person in told} == {desk.ours.owner, desk.ours.admin}, "watchers get no mail of it"


class TestSilent:
    async def test_what_is_sent_again_builds_state_and_tells_nobody(self, desk: Desk):
        story = desk.story(assignee=desk.ours.admin)
        events = [story.created(), story.commented(desk.ours.owner, mentions=[desk.ours.viewer]), story.breached()]
        await desk.apply(*map(replayed, events), replayed(usage_noticed(desk.ours.id)))
        assert (await desk.rows(), await desk.notices()) == ({}, [])
        watching = await desk.connection.fetch("SELECT user_id FROM watches WHERE ticket_id = $1", story.id)
        assert {row["user_id"] for row in watching} == {
            desk.ours.member,
            desk.ours.admin,
            desk.ours.owner,
            desk.ours.viewer,
        }

    async def test_what_happened_before_the_service_was_installed_tells_nobody(self, desk: Desk):
        story = desk.story(assignee=desk.ours.admin)
        month_ago = now() - timedelta(days=30)
        await desk.apply(
            story.created(at=month_ago), story.commented(desk.ours.owner, at=month_ago), story.breached(at=month_ago)
        )
        assert (await desk.rows(), await desk.notices()) == ({}, [])
        await desk.apply(story.commented(desk.ours.owner))
        assert (await desk.rows()).keys() == {desk.ours.admin, desk.ours.member}, "they watch since then"


class TestOnce:
    async def test_an_event_that_is_handled_again_tells_nobody_twice(self, desk: Desk):
        """Long after the inbox of events has forgotten it."""
        story = desk.story(assignee=desk.ours.admin)
        breach = story.breached()
        await desk.apply(story.created(), breach)
        rows, notices = await desk.rows(), await desk.notices()
        await desk.apply(breach, breach)
        assert (await desk.rows(), await desk.notices()) == (rows, notices)


class TestTickets:
    async def test_a_comment_on_a_ticket_that_no_event_has_told_of_asks_for_its_number(self, desk: Desk):
        story = desk.story(number=7)
        desk.tickets.there[story.id] = KnownTicket(story.org_id, story.id, 7, 1, None, None, None, None)
        await desk.apply(story.commented(desk.ours.owner, mentions=[desk.ours.admin]))
        assert (await desk.rows())[desk.ours.admin]["number"] == 7
        await desk.apply(story.created())
        assert len(desk.tickets.asked) == 1
        assert await desk.connection.fetchval("SELECT created_by FROM known_tickets") == desk.ours.member

    async def test_a_comment_on_a_ticket_of_nobody_is_passed_over_and_one_that_cannot_be_asked_for_waits(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ):
        story = desk.story()
        await desk.apply(story.commented(desk.ours.owner, mentions=[desk.ours.admin]))
        assert await desk.rows() == {}

        async def away(*_: object) -> None:
            raise Unavailable("The ticket cannot be looked up just now.")

        monkeypatch.setattr(desk.tickets, "known", away)
        with pytest.raises(Unavailable):
            await desk.apply(story.commented(desk.ours.owner))

    async def test_an_older_version_does_not_take_the_place_of_a_newer_one(self, desk: Desk):
        story = desk.story()
        created, deleted = story.created(), story.deleted(by=desk.ours.owner)
        await desk.apply(deleted, created)
        assert await desk.connection.fetchval("SELECT deleted_at IS NOT NULL FROM known_tickets")

    async def test_a_purge_takes_rows_and_watches_along(self, desk: Desk):
        story = desk.story(assignee=desk.ours.admin)
        await desk.apply(story.created(), story.commented(desk.ours.owner), story.purged())
        assert await desk.rows() == {}
        assert await desk.connection.fetchval("SELECT count(*) FROM watches") == 0


class TestWhoLeaves:
    def member(self, desk: Desk, user_id: object, version: int) -> Event[Member]:
        data = Member(
            org_id=desk.ours.id, member_id=self.id, user_id=user_id, name="Eve", email=None, role=Role.MEMBER,
            version=version,
        )  # fmt: skip
        return Event.of(data, type=upserted(Kind.MEMBER), id=uuid4(), time=now())

    @pytest.fixture(autouse=True)
    def membership(self) -> None:
        self.id = uuid4()

    @pytest.mark.parametrize("how", ["removed", "given to somebody else"])
    async def test_loses_inbox_and_watches(self, desk: Desk, how: str):
        eve, story = uuid4(), desk.story()
        await desk.apply(self.member(desk, eve, 1), story.created(), story.assigned(eve, by=desk.ours.owner))
        assert eve in await desk.rows()
        gone = Removed(org_id=desk.ours.id, kind=Kind.MEMBER, id=self.id, version=2)
        leaves = (
            Event.of(gone, type=removed(Kind.MEMBER), id=uuid4(), time=now())
            if how == "removed"
            else self.member(desk, uuid4(), 2)
        )
        await desk.apply(leaves)
        assert await desk.rows() == {}
        watching = await desk.connection.fetch("SELECT user_id FROM watches")
        assert [row["user_id"] for row in watching] == [desk.ours.member]
        await desk.apply(story.commented(desk.ours.owner))
        assert eve not in await desk.rows()


async def test_rows_older_than_90_days_go(desk: Desk):
    first, second = desk.story(assignee=desk.ours.admin), desk.story(assignee=desk.ours.admin, number=2)
    await desk.apply(first.created(), second.created())
    await desk.connection.execute(
        "UPDATE inbox_rows SET updated_at = now() - interval '91 days' WHERE subject_id = $1", first.id
    )
    assert await repository.prune(desk.connection, days=90) == 1
    assert (await desk.rows())[desk.ours.admin]["subject_id"] == second.id
