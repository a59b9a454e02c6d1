"""From a change over the public API to the inbox of who should know, through all services; and how it vanishes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.measurements import eventually
from tests.support.stack import Client
from tests.system.conftest import Door, made

pytestmark = pytest.mark.kafka
INBOX = "/api/orgs/ours/inbox"


async def rows(client: Client, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    """Of one ticket, in whatever state."""
    answer = await client.call("GET", f"{INBOX}?state=all&limit=100")
    assert answer.status == 200, answer.body
    return [row for row in answer.body["items"] if row["ticket"] and row["ticket"]["id"] == ticket["id"]]


async def test_an_assignment_and_a_mention_arrive_with_the_ticket_as_it_is_now(door: Door):
    owner, admin, viewer = door.as_("owner"), door.as_("admin"), door.as_("viewer")
    ours = door.api.ours
    ticket = await made(owner, "/api/orgs/ours/tickets", {"title": "Printer on fire", "assignee_id": str(ours.admin)})
    path = f"/api/orgs/ours/tickets/{ticket['number']}"
    (row,) = await eventually(lambda: rows(admin, ticket), bool)
    assert (row["reason"], row["actor"]["id"], row["state"]) == ("assigned", str(ours.owner), "unread")
    await owner.call("PATCH", path, {"title": "Printer out"})
    comment = await owner.call("POST", f"{path}/comments", {"body": "look", "mentions": [str(ours.viewer)]})
    assert comment.status == 201
    (mentioned,) = await eventually(lambda: rows(viewer, ticket), bool)
    assert mentioned["reason"] == "mentioned"
    assert mentioned["ticket"] == {
        "id": ticket["id"],
        "number": ticket["number"],
        "title": "Printer out",
        "status": "open",
        "priority": ticket["priority"],
    }
    (both,) = await eventually(lambda: rows(admin, ticket), lambda found: found[0]["count"] == 2)
    assert both["reasons"] == {"assigned": 1, "commented": 1}
    notices = (await owner.call("GET", f"{path}/notices")).body["items"]
    assert {(one["recipient"]["id"], one["reason"], one["state"]) for one in notices} == {
        (str(ours.admin), "assigned", "sent"),
        (str(ours.admin), "commented", "sent"),
        (str(ours.viewer), "mentioned", "sent"),
    }
    assert await rows(owner, ticket) == [], "who did it is not told"


async def test_a_ticket_can_be_watched_the_moment_it_is_there_and_its_row_goes_with_it(door: Door):
    owner, member = door.as_("owner"), door.as_("member")
    ticket = await made(owner, "/api/orgs/ours/tickets", {"title": "Watch me"})
    path = f"/api/orgs/ours/tickets/{ticket['id']}"
    watched = await member.call("PUT", f"{path}/watch", {"state": "watching"})
    assert (watched.status, watched.body) == (200, {"state": "watching"})
    await owner.call("PATCH", path, {"status": "in_progress"})
    (row,) = await eventually(lambda: rows(member, ticket), bool)
    assert row["reason"] == "status_changed"
    assert (await member.call("PATCH", f"{INBOX}/{row['id']}", {"state": "archived"})).body["state"] == "archived"
    assert (await owner.call("DELETE", path)).status == 204
    assert await rows(member, ticket) == [], "at once: what the tickets service does not show is left out"
