"""Events of an org, or about a person, that are here before the workspace feed has told of them."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from opsdash_chassis.errors import ComesLater
from opsdash_contracts.workspace import Member, Org, Role
from opsdash_notifications.recipients.arrivals import OLDEST

from services.notifications.tests.conftest import Desk, Running
from services.notifications.tests.happenings import TicketStory, now, replayed, usage_noticed
from tests.support.measurements import eventually
from tests.support.stack import Client
from tests.support.workspace import OrgFixture, publish, workspace_event

pytestmark = pytest.mark.integration

SENT, SKIPPED = "notice.sent", "notice.skipped"


def a_member(org: OrgFixture, role: Role = Role.MEMBER) -> Member:
    person, name = uuid4(), f"new {role}"
    return Member(org_id=org.id, member_id=uuid4(), user_id=person, name=name, email=None, role=role, version=1)


class TestHandlers:
    async def test_an_unknown_org_is_waited_for_and_then_told(self, desk: Desk) -> None:
        new = OrgFixture("new")
        story = TicketStory(new.id, creator=new.member)
        assigned = story.assigned(new.admin, by=new.owner)
        for _ in range(2):
            with pytest.raises(ComesLater):
                await desk.apply(assigned)
        assert await desk.rows(new) == {}
        await desk.apply(workspace_event(new.org()))
        with pytest.raises(ComesLater):
            await desk.apply(assigned)
        await desk.apply(*map(workspace_event, new.members()), assigned)
        assert (await desk.rows(new)).keys() == {new.admin}

    async def test_a_person_who_is_named_is_waited_for_and_then_told(self, desk: Desk) -> None:
        story, joining = desk.story(), a_member(desk.ours)
        comment = story.commented(desk.ours.owner, mentions=[joining.user_id])
        await desk.apply(story.created())
        with pytest.raises(ComesLater):
            await desk.apply(comment)
        await desk.apply(workspace_event(joining), comment)
        assert (await desk.rows())[joining.user_id]["reason"] == "mentioned"

    async def test_owners_and_admins_of_a_new_org_are_waited_for(self, desk: Desk) -> None:
        new = OrgFixture("new")
        await desk.apply(workspace_event(new.org()))
        noticed = usage_noticed(new.id)
        with pytest.raises(ComesLater):
            await desk.apply(noticed)
        await desk.apply(*map(workspace_event, new.members()), noticed)
        assert (await desk.rows(new)).keys() == {new.owner, new.admin}

    async def test_a_breach_that_waits_is_no_lasting_one_yet(self, desk: Desk) -> None:
        new = OrgFixture("new")
        breached = TicketStory(new.id, creator=new.member).breached()
        with pytest.raises(ComesLater):
            await desk.apply(breached)
        await desk.apply(workspace_event(new.org()), *map(workspace_event, new.members()), breached)
        assert (await desk.rows(new)).keys() == {new.owner, new.admin}
        assert len(await desk.connection.fetch("SELECT FROM lasting_breaches")) == 1

    async def test_who_has_left_is_not_waited_for(self, desk: Desk) -> None:
        story = desk.story()
        await desk.apply(story.created())
        await desk.connection.execute("UPDATE members SET removed_at = now() WHERE user_id = $1", desk.ours.viewer)
        await desk.apply(story.commented(desk.ours.owner, mentions=[desk.ours.viewer]))
        assert (SKIPPED, "inbox", "not_a_member", desk.ours.viewer) in await desk.notices()

    async def test_watchers_and_assignees_of_whom_nothing_is_kept_hold_up_nothing(self, desk: Desk) -> None:
        """A new installation reads of who left before nothing but that they did."""
        story = desk.story(assignee=uuid4())
        await desk.apply(replayed(story.created()), replayed(story.commented(uuid4())))
        await desk.apply(story.commented(desk.ours.owner), story.moved(by=desk.ours.owner), story.breached())
        rows = await desk.rows()
        assert rows.keys() == {desk.ours.owner, desk.ours.admin, desk.ours.member}
        assert json.loads(rows[desk.ours.member]["reasons"]) == {"commented": 1, "status_changed": 1, "sla_breached": 1}

    async def test_an_org_that_is_gone_is_not_waited_for(self, desk: Desk) -> None:
        await desk.connection.execute("UPDATE orgs SET removed_at = now() WHERE org_id = $1", desk.ours.id)
        story = desk.story()
        await desk.apply(story.created(), story.assigned(desk.ours.admin, by=desk.ours.owner))
        assert (await desk.rows(), await desk.notices()) == ({}, [])

    async def test_what_only_builds_state_never_waits(self, desk: Desk) -> None:
        story = TicketStory(uuid4(), creator=uuid4())
        month_old = now() - timedelta(days=30)
        await desk.apply(replayed(story.assigned(uuid4(), by=uuid4())), story.commented(uuid4(), at=month_old))
        await desk.apply(story.assigned(uuid4(), by=uuid4(), at=month_old))

    @pytest.mark.usefixtures("installed_long_ago")
    async def test_what_is_old_never_waits(self, desk: Desk) -> None:
        story = TicketStory(uuid4(), creator=uuid4())
        await desk.apply(story.assigned(uuid4(), by=uuid4(), at=now() - OLDEST - timedelta(minutes=1)))

    @pytest.mark.usefixtures("installed_long_ago")
    async def test_an_event_of_while_this_service_was_away_waits(self, desk: Desk) -> None:
        story = TicketStory(uuid4(), creator=uuid4())
        with pytest.raises(ComesLater):
            await desk.apply(story.assigned(uuid4(), by=uuid4(), at=now() - timedelta(minutes=20)))


async def test_a_new_org_holds_up_nobody_else_and_is_told_in_order(served: Running) -> None:
    new = OrgFixture("new")
    theirs = TicketStory(new.id, creator=new.member, number=1)
    early = [theirs.created(), theirs.assigned(new.admin, by=new.owner), theirs.moved(by=new.owner)]
    await served.send(*early)
    others = [served.story(number=number) for number in range(10, 30)]
    events = [
        event
        for story in others
        for event in (story.created(), story.assigned(served.ours.admin, by=served.ours.owner))
    ]
    await served.send(*events)

    async def told() -> int:
        return int((await served.client(served.ours.admin).call("GET", "/orgs/ours/inbox")).body["unread"])

    await eventually(told, lambda unread: unread > 0)  # those of other partitions
    assert (await Client(served.client(served.ours.admin).url, {}).call("GET", "/readyz")).status == 200
    assert await served.query("SELECT FROM inbox_rows WHERE org_id = $1", new.id) == []
    org: Org = new.org()
    await publish(served.broker.bootstrap_servers, org, *new.members())
    await served.handled([*early, *events])
    rows = await served.query("SELECT user_id, reason, reasons FROM inbox_rows WHERE org_id = $1", new.id)
    assert {(row["user_id"], row["reason"]) for row in rows} == {
        (new.admin, "status_changed"),
        (new.member, "status_changed"),
    }
    notices = await served.query(
        "SELECT data ->> 'reason' AS reason FROM history WHERE org_id = $1 AND data ->> 'recipient_id' = $2"
        " ORDER BY aggregate_version",
        new.id, str(new.admin),
    )  # fmt: skip
    assert [row["reason"] for row in notices] == ["assigned", "status_changed"]
