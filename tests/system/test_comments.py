"""Comments through the public door: replying, editing, deleting, mentioning, paging, and who may do what."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from opsdash_contracts.comments import CommentEvent
from opsdash_contracts.envelope import Event, decode
from opsdash_contracts.topics import COMMENTS

from tests.support.brokers import Witness
from tests.support.stack import Answer, Client
from tests.system.conftest import Door

TICKETS = "/api/orgs/ours/tickets"


async def new_thread(door: Door, role: str = "owner") -> str:
    """The comments path of a new ticket."""
    made = await door.as_(role).call("POST", TICKETS, {"title": "With comments"})
    assert made.status == 201, made.body
    return f"{made.headers['Location']}/comments"


async def write(client: Client, path: str, body: str = "text", **fields: Any) -> dict[str, Any]:
    made = await client.call("POST", path, {"body": body, **fields})
    assert made.status == 201, made.body
    comment: dict[str, Any] = made.body
    return comment


def pointers(answer: Answer) -> list[str]:
    return [error["pointer"] for error in answer.body["errors"]]


class TestReply:
    async def test_a_reply_to_a_reply_joins_the_same_top_comment(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        top = await write(client, path)
        reply = await write(client, path, parent_id=top["id"])
        nested = await write(client, path, parent_id=reply["id"])
        assert {reply["parent_id"], nested["parent_id"]} == {top["id"]}

    async def test_a_deleted_comment_cannot_be_replied_to_but_its_replies_stay(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        top = await write(client, path)
        reply = await write(client, path, parent_id=top["id"])
        await client.call("DELETE", f"{path}/{top['id']}")
        answer = await client.call("POST", path, {"body": "x", "parent_id": top["id"]})
        assert (answer.status, answer.body["type"]) == (409, "/problems/parent-deleted")
        tombstone, kept = (await client.call("GET", path)).body["items"]
        assert (kept, tombstone["body"], tombstone["body_html"]) == (reply, None, None)


class TestEdit:
    async def test_the_old_text_is_kept_for_admins(self, door: Door):
        path, member, admin = await new_thread(door), door.as_("member"), door.as_("admin")
        made = await write(member, path, "first *try*")
        one = f"{path}/{made['id']}"
        changed = await member.call("PATCH", one, {"body": "second"})
        assert (changed.status, changed.body["version"], changed.headers["ETag"]) == (200, 2, '"2"')
        assert changed.body["edited_by"]["name"] == "member of ours"
        await admin.call("PATCH", one, {"body": "third"})
        revisions = (await admin.call("GET", f"{one}/revisions")).body["items"]
        assert [(r["version"], r["body"]) for r in revisions] == [(1, "first *try*"), (2, "second")]
        assert revisions[0]["written_at"] == made["created_at"]
        assert revisions[0]["body_html"] == "<p>first <em>try</em></p>\n"
        assert (await member.call("GET", f"{one}/revisions")).status == 403

    async def test_what_changes_nothing_makes_no_version_and_no_revision(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        made = await write(client, path, "same")
        one = f"{path}/{made['id']}"
        for body in ({"body": "same"}, {}, {"mentions": []}, {"mentions": None}):
            assert (await client.call("PATCH", one, body)).body == made
        assert (await client.call("GET", f"{one}/revisions")).body["items"] == []

    async def test_an_expected_version_that_is_old_is_refused(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        one = f"{path}/{(await write(client, path))['id']}"
        headers = {"If-Match": '"1"'}
        assert (await client.call("PATCH", one, {"body": "a"}, **headers)).status == 200
        stale = await client.call("PATCH", one, {"body": "b"}, **headers)
        assert (stale.status, stale.body["current_version"]) == (412, 2)
        assert (await client.call("DELETE", one, **headers)).status == 412
        assert (await client.call("DELETE", one, **{"If-Match": '"1", "2"'})).status == 204

    async def test_a_tombstone_cannot_be_edited_and_is_deleted_again_in_peace(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        one = f"{path}/{(await write(client, path, 'gone for good'))['id']}"
        await client.call("PATCH", one, {"body": "gone for good, too"})
        assert [(await client.call("DELETE", one)).status for _ in range(2)] == [204, 204]
        assert (await client.call("PATCH", one, {"body": "x"})).body["type"] == "/problems/comment-deleted"
        assert (await client.call("GET", f"{one}/revisions")).body["items"] == []
        found = (await client.call("GET", one)).body
        assert (found["body"], found["version"], found["deleted_at"] is None) == (None, 3, False)


class TestRoles:
    async def test_author_and_admins_change_a_comment_and_nobody_else_does(self, door: Door):
        path = await new_thread(door)
        one = f"{path}/{(await write(door.as_('admin'), path))['id']}"
        statuses = {
            role: (await door.as_(role).call("PATCH", one, {"body": f"by {role}"})).status
            for role in ("owner", "admin", "member", "viewer")
        }
        assert statuses == {"owner": 200, "admin": 200, "member": 403, "viewer": 403}
        assert (await door.as_("member").call("DELETE", one)).status == 403
        assert (await door.as_("owner").call("DELETE", one)).status == 204

    async def test_every_comment_says_whether_the_caller_may_change_it_and_what_its_author_is(self, door: Door):
        path = await new_thread(door)
        own, other = await write(door.as_("member"), path), await write(door.as_("admin"), path)
        gone = await write(door.as_("member"), path)
        await door.as_("member").call("DELETE", f"{path}/{gone['id']}")
        told = {}
        for role in ("owner", "member", "viewer"):
            items = (await door.as_(role).call("GET", path)).body["items"]
            told[role] = [item["may_change"] for item in items]
        assert told == {"owner": [True, True, False], "member": [True, False, False], "viewer": [False] * 3}
        assert [comment["author"]["role"] for comment in (own, other)] == ["member", "admin"]

    async def test_a_viewer_reads_only(self, door: Door):
        viewer, path = door.as_("viewer"), await new_thread(door)
        assert (await viewer.call("POST", path, {"body": "x"})).body["type"] == "/problems/role-too-low"
        page = (await viewer.call("GET", path)).body
        assert (page["items"], page["permissions"]) == ([], ["read"])

    async def test_permissions_are_told(self, door: Door):
        path = await new_thread(door)
        told = {role: (await door.as_(role).call("GET", path)).body["permissions"] for role in ("admin", "member")}
        assert told == {"admin": ["read", "comment", "moderate"], "member": ["read", "comment"]}


class TestMentions:
    async def test_each_person_counts_once_and_is_named(self, door: Door):
        ours, path = door.api.ours, await new_thread(door)
        people = [str(ours.viewer), str(ours.admin), str(ours.viewer)]
        made = await write(door.as_("member"), path, mentions=people)
        assert [person["name"] for person in made["mentions"]] == ["viewer of ours", "admin of ours"]

    async def test_more_than_twenty_are_refused(self, door: Door):
        answer = await door.as_("member").call(
            "POST", await new_thread(door), {"body": "x", "mentions": [str(door.api.ours.admin)] * 21}
        )
        assert (answer.status, pointers(answer)) == (400, ["/mentions"])

    async def test_the_event_says_who_is_mentioned_now_and_never_the_text(self, door: Door):
        ours, path = door.api.ours, await new_thread(door)
        client = door.as_("member")
        made = await write(client, path, "canary-4711", mentions=[str(ours.admin)])
        one = f"{path}/{made['id']}"
        await client.call("PATCH", one, {"body": "canary-4712", "mentions": [str(ours.admin), str(ours.owner)]})
        await client.call("DELETE", one)
        events = await events_of(door, made["id"], 3)
        assert [event.data.new_mentions for event in events] == [[ours.admin], [ours.owner], []]
        assert [event.envelope.sequence for event in events] == [1, 2, 3]
        assert [event.data.ticket_sequence for event in events] == [1, 2, 3]
        assert {event.envelope.actor_id for event in events} == {ours.member}
        assert b"canary" not in b"".join(event.value() for event in events)


async def events_of(door: Door, comment_id: str, count: int) -> list[Event[CommentEvent]]:
    def mine(records: Any) -> list[Any]:
        return [record for record in records if record.header("ce_subject") == comment_id]

    async with Witness(door.api.stack.kafka.bootstrap_servers, COMMENTS) as witness:
        await witness.wait_until(lambda records: len(mine(records)) >= count)
        found: list[Any] = [decode(r.headers, r.key, r.value) for r in mine(witness.records)]
    return found


class TestPages:
    async def test_fifty_a_page_in_the_order_they_were_made(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        await asyncio.gather(*(write(client, path, f"{number}") for number in range(60)))
        first = (await client.call("GET", path)).body
        late = await write(client, path, "late")
        rest = (await client.call("GET", f"{path}?cursor={first['next_cursor']}")).body
        items = first["items"] + rest["items"]
        assert (len(first["items"]), len(items), rest["next_cursor"]) == (50, 61, None)
        assert items == sorted(items, key=lambda item: (item["created_at"], UUID(item["id"])))
        assert items[-1]["id"] == late["id"]

    async def test_a_cursor_of_another_ticket_or_none_at_all_is_refused(self, door: Door):
        client, path, other = door.as_("owner"), await new_thread(door), await new_thread(door)
        await asyncio.gather(*(write(client, path) for _ in range(51)))
        cursor = (await client.call("GET", path)).body["next_cursor"]
        for target in (f"{other}?cursor={cursor}", f"{path}?cursor=abc", f"{path}?cursor={cursor}x"):
            answer = await client.call("GET", target)
            assert (answer.status, answer.body["type"]) == (400, "/problems/invalid-cursor")
