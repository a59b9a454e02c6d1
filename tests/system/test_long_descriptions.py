"""Long and hostile descriptions through the public door: rendered once, by their owner, and bounded."""

from __future__ import annotations

from uuid import UUID, uuid4

import asyncpg
import opsdash_markdown as markdown
import pytest
from opsdash_tickets.retention import service as retention
from opsdash_tickets.settings import TicketsSettings

from tests.support.hostile_text import AMPLIFYING, hostile
from tests.system.conftest import BOUND_MORE, BOUND_PER_CHARACTER, Door, check_bound, new_ticket, open_database, visitor
from tests.system.test_comments import TICKETS

LONGEST = 20_000
#: Other tests of this stack store tickets by the thousand without HTML.
OTHERS_ARE_CURRENT = f"UPDATE tickets SET renderer = {markdown.VERSION} WHERE id <> $1"
DRAWER_CHARACTERS = 60_000  # of a ticket's page without its texts


class TestDescriptions:
    @pytest.mark.parametrize("kind", AMPLIFYING)
    async def test_a_hostile_one_is_taken_as_it_is_and_bounded_and_so_is_its_page(self, door: Door, kind: str):
        text = hostile(LONGEST)[kind]
        made = await new_ticket(door, description=text)
        assert made["description"] == text
        check_bound(text, made["description_html"])
        page = await visitor(door, "member").get(f"/support/{made['number']}")
        assert page.status == 200
        assert len(page.html) <= BOUND_PER_CHARACTER * len(text) + BOUND_MORE + DRAWER_CHARACTERS

    async def test_they_are_rendered_when_they_are_written_by_whichever_way(self, door: Door):
        client = door.as_("owner")
        made = await client.call("POST", TICKETS, {"title": "x", "description": "*one*"})
        path, ticket_id = made.headers["Location"], made.body["id"]
        keyed = {"Idempotency-Key": str(uuid4())}
        shown = [
            made.body,
            (await client.call("POST", TICKETS, {"title": "x", "description": "*two*"}, **keyed)).body,
            (await client.call("PATCH", path, {"description": "*three*"})).body,
            (await client.call("PATCH", path, {"title": "y"})).body,
        ]
        await client.call("POST", f"{TICKETS}/bulk", {"ids": [ticket_id], "patch": {"description": "*four*"}})
        shown.append((await client.call("GET", path)).body)
        shown.append((await client.call("PATCH", path, {"description": None})).body)
        assert [ticket["description_html"] for ticket in shown] == [
            *(f"<p><em>{word}</em></p>\n" for word in ("one", "two", "three", "three", "four")),
            "",
        ]

    async def test_those_from_before_are_rendered_when_read_and_stored_by_and_by(self, door: Door):
        client = door.as_("member")
        made = await client.call("POST", TICKETS, {"title": "x", "description": "*old*"})
        await in_tickets(door, OTHERS_ARE_CURRENT, made.body["id"])
        await in_tickets(
            door, "UPDATE tickets SET description_html = NULL, renderer = 0 WHERE id = $1", made.body["id"]
        )
        found = (await client.call("GET", made.headers["Location"])).body
        assert found["description_html"] == made.body["description_html"]
        async with open_database(TicketsSettings, door.api.stack.tickets_environment) as database:
            await retention.render_outdated(database)
            assert await retention.render_outdated(database) == 0
        assert await stored_html(door, made.body["id"]) == (made.body["description_html"], markdown.VERSION)

    async def test_what_the_release_before_writes_takes_the_old_html_away(self, door: Door):
        client = door.as_("member")
        made = await client.call("POST", TICKETS, {"title": "x", "description": "*before*"})
        await in_tickets(door, "UPDATE tickets SET description = '*after*', title = 'y' WHERE id = $1", made.body["id"])
        found = (await client.call("GET", made.headers["Location"])).body
        assert found["description_html"] == "<p><em>after</em></p>\n"


async def in_tickets(door: Door, statement: str, ticket_id: str) -> None:
    connection = await asyncpg.connect(door.api.stack.database.admin_url)
    try:
        await connection.execute(statement, UUID(ticket_id))
    finally:
        await connection.close()


async def stored_html(door: Door, ticket_id: str) -> tuple[str, int]:
    (row,) = await door.api.stack.database.fetch(
        "SELECT description_html, renderer FROM tickets WHERE id = $1", UUID(ticket_id)
    )
    return tuple(row)
