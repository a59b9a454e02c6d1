"""Writing a comment through the public door: what is taken, what is refused, and its place among the others."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from tests.system.conftest import Door
from tests.system.test_comments import TICKETS, new_thread, pointers, write

EVENTS_OF_TICKET = "SELECT data FROM history WHERE data->>'ticket_id' = $1"


class TestCreate:
    async def test_a_comment_right_after_its_ticket_is_never_a_404(self, door: Door):
        async def both() -> int:
            path = await new_thread(door, "member")
            return (await door.as_("member").call("POST", path, {"body": "first"})).status

        assert set(await asyncio.gather(*(both() for _ in range(10)))) == {201}

    async def test_it_is_there_at_once_under_its_location_and_version(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        made = await client.call("POST", path, {"body": "**hi**\r\n<b>"})
        found = await client.call("GET", made.headers["Location"])
        assert (found.body, found.headers["ETag"], made.headers["ETag"]) == (made.body, '"1"', '"1"')
        assert (found.body["body"], found.body["author"]["name"]) == ("**hi**\r\n<b>", "member of ours")
        assert found.body["body_html"] == "<p><strong>hi</strong><br>\n&lt;b&gt;</p>\n"
        assert (await client.call("GET", path)).body["items"] == [made.body]

    @pytest.mark.parametrize("asked", [{}, {"mentions": True}, {"key": True}], ids=["plain", "mentioning", "keyed"])
    async def test_the_answer_is_what_a_reader_gets(self, door: Door, asked: dict[str, bool]):
        client, path = door.as_("member"), await new_thread(door)
        fields = {"mentions": [str(door.api.ours.admin)]} if "mentions" in asked else {}
        headers = {"Idempotency-Key": str(uuid4())} if "key" in asked else {}
        made = await client.call("POST", path, {"body": "read *again*", **fields}, **headers)
        assert (made.status, made.headers["ETag"]) == (201, '"1"')
        assert (await client.call("GET", made.headers["Location"])).body == made.body

    async def test_those_made_together_take_their_places_one_after_the_other(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        top = await write(client, path)

        async def keyed() -> None:
            made = await client.call("POST", path, {"body": "keyed"}, **{"Idempotency-Key": str(uuid4())})
            assert made.status == 201

        plain = [write(client, path) for _ in range(20)]
        replies = [write(client, path, parent_id=top["id"]) for _ in range(10)]
        await asyncio.gather(*plain, *replies, *(keyed() for _ in range(10)))
        events = [
            json.loads(row["data"]) for row in await door.comments_database.fetch(EVENTS_OF_TICKET, top["ticket_id"])
        ]
        assert sorted(event["ticket_sequence"] for event in events) == list(range(1, 42))
        in_their_order = sorted(events, key=lambda event: event["ticket_sequence"])
        times = [datetime.fromisoformat(event["created_at"]) for event in in_their_order]
        assert times == sorted(set(times))

    async def test_by_number_too_and_on_a_closed_ticket_whose_status_stays(self, door: Door):
        client = door.as_("member")
        ticket = (await client.call("POST", TICKETS, {"title": "x", "status": "closed"})).body
        await write(client, f"{TICKETS}/{ticket['number']}/comments")
        detail = (await client.call("GET", f"{TICKETS}/{ticket['number']}")).body
        assert (detail["status"], len(detail["comments"]["items"])) == ("closed", 1)

    @pytest.mark.parametrize("text", ["", "   \n", "\u200b\u2060", "x" * 10_001, None, 7, "a\x00b"])
    async def test_a_text_nobody_can_read_is_refused(self, door: Door, text: Any):
        answer = await door.as_("member").call("POST", await new_thread(door), {"body": text})
        assert answer.status == 400
        assert pointers(answer) in (["/body"], [])

    async def test_the_longest_text_is_taken(self, door: Door):
        made = await write(door.as_("member"), await new_thread(door), "\N{HUGGING FACE}" * 10_000)
        assert len(made["body"]) == 10_000

    @pytest.mark.parametrize("field", ["id", "author_id", "org_id", "ticket_id", "created_at", "version", "body_html"])
    async def test_fields_of_ours_cannot_be_set(self, door: Door, field: str):
        answer = await door.as_("owner").call("POST", await new_thread(door), {"body": "x", field: str(uuid4())})
        assert (answer.status, pointers(answer)) == (400, [f"/{field}"])

    async def test_the_same_key_has_one_effect(self, door: Door):
        client, path, key = door.as_("member"), await new_thread(door), {"Idempotency-Key": str(uuid4())}
        answers = await asyncio.gather(*(client.call("POST", path, {"body": "once"}, **key) for _ in range(8)))
        assert {answer.status for answer in answers} <= {201, 409}
        again = await client.call("POST", path, {"body": "once"}, **key)
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert [item["id"] for item in (await client.call("GET", path)).body["items"]] == [again.body["id"]]
        assert (await client.call("POST", path, {"body": "other"}, **key)).status == 422
        other = await new_thread(door)
        assert (await client.call("POST", other, {"body": "once"}, **key)).status == 422

    async def test_the_same_ticket_by_its_number_is_the_same_request(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        number = (await client.call("GET", path.removesuffix("/comments"))).body["number"]
        by_number = f"{path.rsplit('/', 2)[0]}/{number}/comments"
        key = {"Idempotency-Key": str(uuid4())}
        made = await client.call("POST", path, {"body": "once"}, **key)
        again = await client.call("POST", by_number, {"body": "once"}, **key)
        assert (again.status, again.body, again.headers["Idempotency-Replayed"]) == (201, made.body, "true")
