"""Searching through the public door: words of comments too, in the caller's org only."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from tests.support.stack import Client
from tests.system.conftest import Door

TICKETS = "/api/orgs/ours/tickets"


def word() -> str:
    """One that no other ticket has."""
    return f"w{uuid4().hex[:12]}x"


async def found(client: Client, words: str, more: str = "") -> dict[int, list[str]]:
    page = (await client.call("GET", f"{TICKETS}?q={quote(words)}{more}")).body
    assert "narrowed" not in page
    return {item["number"]: item["found_in"] for item in page["items"]}


async def commented(client: Client, comment: str, **fields: Any) -> int:
    ticket = await client.call("POST", TICKETS, {"title": "With a comment", **fields})
    made = await client.call("POST", f"{ticket.headers['Location']}/comments", {"body": comment})
    assert made.status == 201, made.body
    return int(ticket.body["number"])


async def test_a_comment_makes_its_ticket_found(door: Door):
    client, unique = door.as_("member"), word()
    number = await commented(client, f"The **{unique}** of Zoë is in /var/log/{unique}.log")
    assert await found(client, unique) == {number: ["comments"]}
    assert await found(client, f"zoe {unique}.lo") == {number: ["comments"]}
    assert await found(client, unique, "&status=closed") == {}
    titled = (await client.call("POST", TICKETS, {"title": f"{unique} again"})).body["number"]
    assert list(await found(client, unique)) == [titled, number]
    page = (await client.call("GET", f"{TICKETS}?q={unique}&limit=1&count=true")).body
    assert (page["total"], [item["number"] for item in page["items"]]) == (2, [titled])
    rest = (await client.call("GET", f"{TICKETS}?q={unique}&limit=1&cursor={page['next_cursor']}")).body
    assert [item["number"] for item in rest["items"]] == [number]


async def test_words_may_stand_partly_in_the_ticket_and_partly_in_its_comments(door: Door):
    client, inside, below, beside = door.as_("member"), word(), word(), word()
    number = await commented(client, f"about the {below}", description=f"and the {inside}")
    await commented(client, f"only {below}")
    other = await commented(client, f"{beside} {below}", description=inside)
    assert await found(client, f"{inside} {below}") == {
        number: ["description", "comments"],
        other: ["description", "comments"],
    }
    assert await found(client, f"{inside} {below} {beside}") == {other: ["description", "comments"]}
    counted = await client.call("GET", f"{TICKETS}?q={inside}%20{below}&count=true&limit=1")
    assert counted.body["total"] == 2


async def test_what_was_edited_or_deleted_is_not_found_any_more(door: Door):
    client, before, after = door.as_("owner"), word(), word()
    ticket = await client.call("POST", TICKETS, {"title": "To be edited"})
    comment = await client.call("POST", f"{ticket.headers['Location']}/comments", {"body": before})
    path = f"{ticket.headers['Location']}/comments/{comment.body['id']}"
    await client.call("PATCH", path, {"body": after})
    assert await found(client, before) == {}
    assert await found(client, after) == {ticket.body["number"]: ["comments"]}
    await client.call("DELETE", path)
    assert await found(client, after) == {}


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_every_role_finds_what_it_may_read(door: Door, role: str):
    unique = word()
    number = await commented(door.as_("owner"), unique)
    assert await found(door.as_(role), unique) == {number: ["comments"]}


async def test_clients_do_not_name_tickets_by_header(door: Door):
    client, unique = door.as_("owner"), word()
    other = (await client.call("POST", TICKETS, {"title": "Another"})).body["id"]
    headers = {"opsdash-commented-tickets": f"{other}:1"}
    assert (await client.call("GET", f"{TICKETS}?q={unique}", **headers)).body["items"] == []
