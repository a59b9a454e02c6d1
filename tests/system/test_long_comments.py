"""Long and hostile comments through the public door: bounded, never lost, and never in the way of others."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import opsdash_markdown as markdown
from opsdash_chassis.database.pools import Database
from opsdash_comments.rendering.service import render_outdated
from opsdash_comments.settings import CommentsSettings
from opsdash_markdown import outdated

from tests.support.hostile_text import hostile
from tests.support.stack import Client, comments_environment
from tests.system.conftest import Door, check_bound, open_database
from tests.system.test_comments import new_thread, write

LONGEST = 10_000
PAGE_BYTES = 1_048_576
OFTEN_USED = hostile(LONGEST)["one long definition used often"]
OTHER = hostile(LONGEST)["paragraphs of mail addresses"]


async def all_pages(client: Client, path: str) -> list[list[dict[str, Any]]]:
    pages, cursor = [], ""
    while cursor is not None:
        page = await client.call("GET", path + (f"?cursor={cursor}" if cursor else ""))
        assert page.status == 200
        assert int(page.headers["Content-Length"]) <= PAGE_BYTES
        pages.append(page.body["items"])
        cursor = page.body["next_cursor"]
    return pages


class TestHostileComments:
    async def test_they_are_taken_as_they_are_and_hide_none_of_the_others(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        texts = [text for text in hostile(LONGEST).values() if "\0" not in text]  # which no request may have
        for start in range(0, len(texts), 10):
            await asyncio.gather(*(write(client, path, text) for text in texts[start : start + 10]))
        await write(client, path, "the last *one*")
        items = [item for page in await all_pages(client, path) for item in page]
        assert sorted(item["body"] for item in items) == sorted([*texts, "the last *one*"])
        assert items[-1]["body_html"] == "<p>the last <em>one</em></p>\n"
        for item in items:
            check_bound(item["body"], item["body_html"])

    async def test_six_that_were_megabytes_each_leave_the_ticket_with_its_comments(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        for _ in range(6):
            await write(client, path, OFTEN_USED)
        ticket = await client.call("GET", path.removesuffix("/comments"))
        assert ticket.body["comments"]["status"] == "available"
        assert [item["body"] for item in ticket.body["comments"]["items"]] == [OFTEN_USED] * 6
        assert int(ticket.headers["Content-Length"]) < 6 * 3 * LONGEST

    async def test_an_edit_and_the_text_before_it_are_bounded_too(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        made = await write(client, path, OFTEN_USED)
        changed = await client.call("PATCH", f"{path}/{made['id']}", {"body": OTHER})
        check_bound(OTHER, changed.body["body_html"])
        (revision,) = (await client.call("GET", f"{path}/{made['id']}/revisions")).body["items"]
        assert revision["body"] == OFTEN_USED
        check_bound(OFTEN_USED, revision["body_html"])


class TestPages:
    async def test_a_page_ends_where_its_bytes_do_and_the_next_goes_on_there(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        made = [await write(client, path, f"text {number}") for number in range(30)]
        await store_large(door, [item["id"] for item in made[::2]])
        pages = await all_pages(client, path)
        assert [item["body"] for page in pages for item in page] == [item["body"] for item in made]
        assert [len(page) for page in pages] == [20, 10]

    async def test_old_texts_come_in_such_pages_too(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        made = await write(client, path, "text 0")
        for number in range(1, 15):
            await client.call("PATCH", f"{path}/{made['id']}", {"body": f"text {number}"})
        await store_large(door, [made["id"]])
        pages = await all_pages(client, f"{path}/{made['id']}/revisions")
        assert [[revision["version"] for revision in page] for page in pages] == [list(range(1, 11)), [11, 12, 13, 14]]

    async def test_fifty_short_ones_are_a_page(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        for start in range(0, 51, 17):
            await asyncio.gather(*(write(client, path, f"text {start + number}") for number in range(17)))
        assert [len(page) for page in await all_pages(client, path)] == [50, 1]


class TestHtmlOfOlderRules:
    """What was stored before there were limits."""

    async def test_it_is_rendered_anew_whatever_its_size(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        made = [await write(client, path, text) for text in ("*first*", OFTEN_USED, "*last*")]
        await client.call("PATCH", f"{path}/{made[0]['id']}", {"body": "**second**"})
        await store_as_before(door, [item["id"] for item in made])
        items = (await client.call("GET", path)).body["items"]
        assert [item["body_html"] for item in items[::2]] == [
            "<p><strong>second</strong></p>\n",
            "<p><em>last</em></p>\n",
        ]
        check_bound(OFTEN_USED, items[1]["body_html"])
        assert (await client.call("GET", f"{path}/{made[2]['id']}")).body == items[2]
        revisions = (await client.call("GET", f"{path}/{made[0]['id']}/revisions")).body["items"]
        assert [revision["body_html"] for revision in revisions] == ["<p><em>first</em></p>\n"]

    async def test_the_service_stores_it_anew_by_and_by(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        made = [await write(client, path, f"*{number}*") for number in range(30)]
        await client.call("PATCH", f"{path}/{made[0]['id']}", {"body": "second"})
        ids = [item["id"] for item in made]
        await store_as_before(door, ids)
        async with database_of_comments(door) as database:
            await render_outdated(database)
            assert await render_outdated(database) == 0
        stored = await door.comments_database.fetch(
            "SELECT body_html, renderer FROM comments WHERE id = ANY($1::uuid[]) ORDER BY created_at OFFSET 1",
            ids,
        )
        assert [tuple(row) for row in stored] == [
            (f"<p><em>{number}</em></p>\n", markdown.VERSION) for number in range(1, 30)
        ]

    async def test_a_text_that_is_purged_meanwhile_does_not_come_back(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        made = await write(client, path, "purge-canary")
        await store_as_before(door, [made["id"]])
        async with database_of_comments(door) as database:
            rendering = asyncio.create_task(render_outdated(database))
            await asyncio.sleep(outdated.PAUSE_SECONDS / 2)
            await change(door, "UPDATE comments SET body = '', body_html = '' WHERE id = ANY($1::uuid[])", [made["id"]])
            await rendering
        (row,) = await door.comments_database.fetch("SELECT body_html FROM comments WHERE id = $1::uuid", made["id"])
        assert row["body_html"] == ""


async def store_large(door: Door, ids: list[str]) -> None:
    """As much HTML as one text may have, so that ten fit on a page."""
    for table, key in (("comments", "id"), ("revisions", "comment_id")):
        await change(door, f"UPDATE {table} SET body_html = repeat('x', 96384) WHERE {key} = ANY($1::uuid[])", ids)


async def store_as_before(door: Door, ids: list[str]) -> None:
    """HTML of six million characters, by the first rules."""
    for table, key in (("comments", "id"), ("revisions", "comment_id")):
        await change(
            door,
            f"UPDATE {table} SET body_html = repeat('<p>old</p>', 600000), renderer = 1 WHERE {key} = ANY($1::uuid[])",
            ids,
        )


async def change(door: Door, statement: str, ids: list[str]) -> None:
    connection = await asyncpg.connect(door.comments_database.admin_url)
    try:
        await connection.execute(statement, ids)
    finally:
        await connection.close()


def database_of_comments(door: Door) -> AbstractAsyncContextManager[Database]:
    environment = comments_environment(door.api.stack, door.comments_database, door.api.service.url)
    return open_database(CommentsSettings, environment)
