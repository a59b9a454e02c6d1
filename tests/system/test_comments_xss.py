"""Stored text that wants to run: the HTML the API hands out is harmless, the raw text comes back unchanged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any

import pytest

from tests.support.hostile_text import PAYLOADS, active_content
from tests.system.conftest import Door
from tests.system.test_comments import new_thread, write


async def in_turns(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    """A few at a time, as a person's limit allows."""
    waiting, done = list(calls), []
    for start in range(0, len(waiting), 10):
        done += await asyncio.gather(*waiting[start : start + 10])
    return done


def test_the_judge_sees_what_it_must():
    for html in (
        "<script>",
        "<p onclick=x>",
        "<a href='javascript:1'>",
        "<img>",
        "<p hx-get=/x>",
        "<!--x-->",
        "\u202e",
    ):
        assert active_content(html), html
    assert active_content('<p><a href="https://x.example" rel="nofollow noopener noreferrer">x</a></p>') == []


def test_the_set_is_large_and_without_repeats():
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


class TestStoredTexts:
    async def test_none_is_active_in_list_detail_edit_or_revision(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        made = await in_turns(write(client, path, payload) for payload in PAYLOADS)
        assert [item["body"] for item in made] == list(PAYLOADS)
        assert [active_content(item["body_html"]) for item in made] == [[]] * len(PAYLOADS)

        first = await client.call("GET", path)
        rest = await client.call("GET", f"{path}?cursor={first.body['next_cursor']}")
        listed = first.body["items"] + rest.body["items"]
        assert sorted(item["body"] for item in listed) == sorted(PAYLOADS)
        assert [active_content(item["body_html"]) for item in listed] == [[]] * len(PAYLOADS)
        for answer in (first, rest, await client.call("GET", path.removesuffix("/comments"))):
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Type"].startswith("application/json")

        await in_turns(client.call("PATCH", f"{path}/{item['id']}", {"body": "changed"}) for item in made)
        pages = [await client.call("GET", f"{path}/{item['id']}/revisions") for item in made]
        revisions = [page.body["items"][0] for page in pages]
        assert [revision["body"] for revision in revisions] == list(PAYLOADS)
        assert [active_content(revision["body_html"]) for revision in revisions] == [[]] * len(PAYLOADS)

    @pytest.mark.parametrize("payload", PAYLOADS[:8])
    async def test_a_problem_does_not_repeat_them(self, door: Door, payload: str):
        answer = await door.as_("owner").call("POST", await new_thread(door), {"body": "x", payload: payload})
        assert answer.status == 400
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
