"""The running service on a database and a broker: from the topics to inboxes, over its routes, and killed meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event
from opsdash_contracts.sla import SlaNotice
from opsdash_contracts.topics import COMMENTS, NOTICES, SLA, TICKETS

from services.notifications.tests.happenings import TicketStory, message, replayed
from tests.support.brokers import Broker, Witness, broker_of_its_own
from tests.support.databases import ServiceDatabase
from tests.support.fixtures import ServiceFactory
from tests.support.http_servers import TestIssuer
from tests.support.measurements import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stack import NOBODY, Answer, Client, Stack, notifications_environment
from tests.support.workspace import OrgFixture, Workspace, seed_members

KILLED = -9


@dataclass
class Running:
    """The servers, the service once it is started, and the people of three orgs."""

    stack: Stack
    database: ServiceDatabase
    broker: Broker
    start_service: ServiceFactory
    process: ServiceProcess | None = None

    @property
    def ours(self) -> OrgFixture:
        return self.stack.workspace.ours

    @property
    def foreign(self) -> OrgFixture:
        return self.stack.workspace.foreign

    async def start(self, **overrides: str) -> ServiceProcess:
        environment = notifications_environment(self.stack, self.database, NOBODY)
        self.process = await self.start_service("notifications", environment | overrides).ready()
        return self.process

    def story(self, **more: Any) -> TicketStory:
        return TicketStory(self.ours.id, creator=self.ours.member, **more)

    def client(self, user_id: UUID) -> Client:
        assert self.process is not None
        return self.stack.client(self.process, user_id)

    async def send(self, *events: Event[Any]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.bootstrap_servers, acks="all")
        await producer.start()
        try:
            for event in events:
                key, value, headers = message(event)
                await producer.send_and_wait(_topic(event), value, key=key, headers=headers)
        finally:
            await producer.stop()

    async def query(self, statement: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self.database.worker_url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()

    async def handled(self, events: Iterable[Event[Any]]) -> None:
        """Until each of them is in the inbox of events."""
        wanted = {event.envelope.id for event in events}

        async def there() -> bool:
            rows = await self.query("SELECT event_id FROM inbox")
            return wanted <= {row["event_id"] for row in rows}

        await eventually(there, timeout=40)


def _topic(event: Event[Any]) -> str:
    if isinstance(event.data, CommentEvent):
        return COMMENTS
    return SLA if isinstance(event.data, SlaNotice) else TICKETS


@pytest.fixture
async def running(
    notifications_database: ServiceDatabase, issuer: TestIssuer, start_service: ServiceFactory, tmp_path: Path
) -> AsyncIterator[Running]:
    workspace = Workspace()
    await seed_members(notifications_database.worker_url, workspace)
    async with broker_of_its_own(tmp_path) as broker:
        stack = Stack(notifications_database, broker, issuer, start_service, workspace)
        yield Running(stack, notifications_database, broker, start_service)


@pytest.fixture
async def served(running: Running) -> AsyncIterator[Running]:
    process = await running.start()
    yield running
    process.sigkill()


async def rows(client: Client, slug: str = "ours", query: str = "") -> list[dict[str, Any]]:
    answer = await client.call("GET", f"/orgs/{slug}/inbox{query}")
    assert answer.status == 200, answer.body
    items: list[dict[str, Any]] = answer.body["items"]
    return items


class TestInbox:
    async def test_an_event_is_a_row_a_count_and_a_published_notice(self, served: Running):
        story, admin = served.story(), served.client(served.ours.admin)
        events = [story.created(), story.assigned(served.ours.admin, by=served.ours.owner)]
        async with Witness(served.broker.bootstrap_servers, NOTICES) as witness:
            await served.send(*events)
            await witness.wait_until(bool)
        (row,) = await eventually(lambda: rows(admin), bool)
        assert row["ticket"] == {"id": str(story.id), "number": 1}
        assert (row["reason"], row["reasons"], row["count"], row["state"]) == ("assigned", {"assigned": 1}, 1, "unread")
        assert row["actor"] == {"id": str(served.ours.owner), "name": "owner of ours", "active": True}
        (record,) = witness.records
        assert (record.header("ce_type"), record.header("ce_subject")) == ("notice.sent", str(story.id))
        told = json.loads(record.value or b"{}")
        assert (told["recipient_id"], told["source_event_id"]) == (
            str(served.ours.admin),
            str(events[1].envelope.id),
        )
        mine = await admin.call("GET", "/me/inbox")
        assert mine.body == {"orgs": [{"id": str(served.ours.id), "slug": "ours", "unread": 1}]}

    async def test_states_versions_and_filters(self, served: Running):
        story, admin = served.story(), served.client(served.ours.admin)
        await served.send(story.created(), story.assigned(served.ours.admin, by=served.ours.owner))
        (row,) = await eventually(lambda: rows(admin), bool)
        path = f"/orgs/ours/inbox/{row['id']}"
        stale = await admin.call("PATCH", path, {"state": "archived"}, **{"If-Match": '"9"'})
        assert stale.status == 412
        archived = await admin.call("PATCH", path, {"state": "archived"}, **{"If-Match": '"1"'})
        assert (archived.status, archived.body["state"], archived.headers["ETag"]) == (200, "archived", '"2"')
        assert await rows(admin) == []
        assert [one["state"] for one in await rows(admin, query="?state=archived")] == ["archived"]
        assert await rows(admin, query="?state=all&reason=mentioned") == []
        for query in ("?state=new", "?reason=bored"):
            refused = await admin.call("GET", f"/orgs/ours/inbox{query}")
            assert (refused.status, refused.body["errors"][0]["code"]) == (400, "not-allowed")
        await served.send(story.commented(served.ours.owner))
        (again,) = await eventually(lambda: rows(admin), bool)
        assert (again["reason"], again["count"], again["id"] > row["id"]) == ("commented", 1, True)
        assert (await admin.call("PATCH", path, {"state": "read"})).status == 404

    async def test_read_all_marks_nothing_that_was_not_seen(self, served: Running):
        first, second, third = (served.story(number=number) for number in (1, 2, 3))
        owner, admin = served.ours.owner, served.client(served.ours.admin)
        for story in (first, second, third):
            await served.send(story.created(), story.assigned(served.ours.admin, by=owner))
        shown = await eventually(lambda: rows(admin), lambda found: len(found) == 3)
        seen = max(row["id"] for row in shown)
        comment = first.commented(owner)
        await served.send(comment)
        await served.handled([comment])
        answer = await admin.call("POST", "/orgs/ours/inbox/read-all", {"up_to": seen})
        assert (answer.status, answer.body) == (200, {"marked": 2, "unread": 1})
        assert [row["ticket"]["number"] for row in await rows(admin)] == [1]

    async def test_pages_follow_each_other(self, served: Running):
        stories = [served.story(number=number) for number in range(1, 6)]
        admin = served.client(served.ours.admin)
        for story in stories:
            await served.send(story.created(), story.assigned(served.ours.admin, by=served.ours.owner))
        await eventually(lambda: rows(admin), lambda found: len(found) == 5)
        numbers, query = list[int](), "?limit=2"
        while query:
            page = (await admin.call("GET", f"/orgs/ours/inbox{query}")).body
            numbers += [row["ticket"]["number"] for row in page["items"]]
            query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        assert sorted(numbers) == [1, 2, 3, 4, 5]
        assert page["unread"] == 5

    async def test_opening_a_ticket_reads_its_row_and_a_deleted_one_is_not_shown(self, served: Running):
        first, second = served.story(), served.story(number=2)
        admin = served.client(served.ours.admin)
        for story in (first, second):
            await served.send(story.created(), story.assigned(served.ours.admin, by=served.ours.owner))
        await eventually(lambda: rows(admin), lambda found: len(found) == 2)
        assert (await admin.call("PUT", "/orgs/ours/tickets/1/seen")).status == 204
        assert [row["ticket"]["number"] for row in await rows(admin)] == [2]
        gone = second.deleted(by=served.ours.owner)
        await served.send(gone)
        await served.handled([gone])
        assert await rows(admin, query="?state=all") != []
        assert await rows(admin) == []
        assert (await admin.call("GET", "/me/inbox")).body["orgs"][0]["unread"] == 0
        assert (await admin.call("GET", "/orgs/ours/tickets/2/watch")).status == 404


class TestWatching:
    async def test_by_hand_muted_and_ended(self, served: Running):
        story, viewer = served.story(), served.client(served.ours.viewer)
        await served.send(created := story.created())
        await served.handled([created])
        path = "/orgs/ours/tickets/1/watch"
        assert (await viewer.call("GET", path)).body == {"state": None}
        assert (await viewer.call("PUT", path, {})).body == {"state": "watching"}
        watchers = (await viewer.call("GET", f"/orgs/ours/tickets/{story.id}/watchers")).body["items"]
        assert [one["person"]["name"] for one in watchers] == ["member of ours", "viewer of ours"]
        assert (await viewer.call("PUT", path, {"state": "muted"})).body == {"state": "muted"}
        assert (await viewer.call("PUT", path, {"state": "asleep"})).status == 400
        watchers = (await viewer.call("GET", "/orgs/ours/tickets/1/watchers")).body["items"]
        assert [one["person"]["name"] for one in watchers] == ["member of ours"]
        assert (await viewer.call("DELETE", path)).status == 204
        assert (await viewer.call("GET", path)).body == {"state": None}


class TestLedger:
    async def test_says_who_was_told_and_who_was_not(self, served: Running):
        story, member = served.story(), served.client(served.ours.member)
        await served.send(created := story.created())
        await served.handled([created])
        await member.call("PUT", "/orgs/ours/tickets/1/watch", {"state": "muted"})
        comment = story.commented(served.ours.owner, mentions=[served.ours.admin, served.ours.member])
        await served.send(comment)
        await served.handled([comment])
        first = (await member.call("GET", "/orgs/ours/tickets/1/notices?limit=1")).body
        rest = (await member.call("GET", f"/orgs/ours/tickets/1/notices?cursor={first['next_cursor']}")).body
        assert rest["next_cursor"] is None
        found = {one["recipient"]["name"]: one for one in first["items"] + rest["items"]}
        assert found.keys() == {"admin of ours", "member of ours"}
        sent, skipped = found["admin of ours"], found["member of ours"]
        assert (sent["state"], sent["channel"], sent["reason"], sent["why"]) == ("sent", "inbox", "mentioned", None)
        assert (skipped["state"], skipped["why"], skipped["lateness_ms"]) == ("skipped", "muted", None)
        assert sent["source_event_id"] == str(comment.envelope.id)


ROUTES = [
    ("GET", "/inbox", None),
    ("PATCH", "/inbox/{row}", {"state": "read"}),
    ("POST", "/inbox/read-all", {"up_to": "{row}"}),
    ("GET", "/tickets/{ticket}/watch", None),
    ("PUT", "/tickets/{ticket}/watch", {"state": "muted"}),
    ("DELETE", "/tickets/{ticket}/watch", None),
    ("PUT", "/tickets/{ticket}/seen", None),
    ("GET", "/tickets/{ticket}/watchers", None),
    ("GET", "/tickets/{ticket}/notices", None),
]


class TestTenants:
    async def test_no_route_shows_or_changes_what_is_of_another_org_or_person(self, served: Running):
        story = served.story()
        await served.send(story.created(), story.assigned(served.ours.admin, by=served.ours.owner))
        admin = served.client(served.ours.admin)
        (row,) = await eventually(lambda: rows(admin), bool)
        before = await self.state(served)
        outside = served.client(served.foreign.owner)
        for method, template, given in ROUTES:
            path = template.format(row=row["id"], ticket=story.id)
            body = json.loads(json.dumps(given).replace("{row}", row["id"]))
            assert (await outside.call(method, f"/orgs/ours{path}", body)).status == 404, path
            free = served.client(served.stack.workspace.free.owner)
            assert (await free.call(method, f"/orgs/free{path}", body)).status == 403, path
            await self.check_in_their_own_org(outside, method, path, body)
        other = await served.client(served.ours.owner).call("PATCH", f"/orgs/ours/inbox/{row['id']}", {"state": "read"})
        assert other.status == 404
        assert (await outside.call("GET", "/me/inbox")).body["orgs"][0]["unread"] == 0
        assert await self.state(served) == before

    async def check_in_their_own_org(self, outside: Client, method: str, path: str, body: Any) -> None:
        """With the ids of another one. The tickets service, which would be asked for an unknown ticket, is away."""
        answer: Answer = await outside.call(method, f"/orgs/foreign{path}", body)
        if "/tickets/" in path:
            assert answer.status == 503, path
        elif method == "PATCH":
            assert answer.status == 404
        else:
            assert answer.body.get("items", []) == []
            assert answer.body.get("marked", 0) == 0

    async def state(self, served: Running) -> list[Any]:
        found = await served.query("SELECT * FROM inbox_rows ORDER BY org_id, user_id")
        return found + await served.query("SELECT * FROM watches ORDER BY org_id, user_id")

    async def test_who_shows_no_token_is_refused(self, served: Running):
        assert served.process is not None
        for method, path, body in ROUTES:
            answer = await Client(served.process.url, {}).call(
                method, "/orgs/ours" + path.format(row=uuid4(), ticket=uuid4()), body
            )
            assert answer.status == 401


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


class TestSettings:
    async def test_owners_and_admins_change_them_by_version(self, served: Running):
        path = "/orgs/ours/settings/notifications"
        admin = served.client(served.ours.admin)
        assert (await admin.call("GET", path)).body == {"escalate_after_hours": 24, "version": 0}
        changed = await admin.call("PATCH", path, {"escalate_after_hours": 8}, **{"If-Match": '"0"'})
        assert (changed.status, changed.body, changed.headers["ETag"]) == (
            200,
            {"escalate_after_hours": 8, "version": 1},
            '"1"',
        )
        assert (await admin.call("PATCH", path, {"escalate_after_hours": 9}, **{"If-Match": '"0"'})).status == 412
        assert (await admin.call("PATCH", path, {"escalate_after_hours": 721})).status == 400
        assert (await admin.call("PATCH", path, {"escalate_after_hours": 8})).body["version"] == 1
        for user_id in (served.ours.member, served.ours.viewer):
            assert (await served.client(user_id).call("GET", path)).status == 403
        foreign = served.client(served.foreign.owner)
        assert (await foreign.call("PATCH", path, {"escalate_after_hours": 0})).status == 404
        assert (await foreign.call("GET", "/orgs/foreign/settings/notifications")).body["version"] == 0
