"""The inbox over its routes, fed from the topics: rows, states, pages, and what is published of them."""

from __future__ import annotations

import json
from typing import Any

from opsdash_contracts.topics import NOTICES

from services.notifications.tests.conftest import Running
from tests.support.brokers import Witness
from tests.support.measurements import eventually
from tests.support.stack import Client


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
