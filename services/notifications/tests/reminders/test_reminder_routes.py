"""Reminders over their routes: set, listed, moved, removed, told, and those of others."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest

from services.notifications.tests.conftest import Running
from services.notifications.tests.happenings import TicketStory
from tests.support.measurements import eventually, metric_sample
from tests.support.stack import Answer, Client

ORG = "/orgs/ours/reminders"
OF_TICKET = "/orgs/ours/tickets/1/reminders"


def ahead(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


@pytest.fixture
async def story(served: Running) -> TicketStory:
    """A ticket that the service knows."""
    story = served.story()
    await served.send(created := story.created())
    await served.handled([created])
    return story


async def remind(client: Client, path: str = OF_TICKET, *, note: str | None = None, **span: float) -> dict[str, Any]:
    answer = await client.call("POST", path, {"at": ahead(**(span or {"hours": 1})), "note": note})
    assert answer.status == 201, answer.body
    body: dict[str, Any] = answer.body
    return body


def codes(answer: Answer) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.body["errors"]]


class TestSetting:
    async def test_every_role_sets_their_own(self, served: Running, story: TicketStory):
        for person in (served.ours.owner, served.ours.admin, served.ours.member, served.ours.viewer):
            client, at = served.client(person), ahead(hours=1)
            made = await client.call("POST", OF_TICKET, {"at": at, "note": "  Ask   again "})
            assert (made.status, made.headers["ETag"]) == (201, '"1"')
            assert made.headers["Location"] == f"/api/orgs/ours/reminders/{made.body['id']}"
            assert made.body["ticket"] == {"id": str(story.id), "number": 1}
            assert (made.body["note"], made.body["version"]) == ("Ask again", 1)
            assert datetime.fromisoformat(made.body["at"]) == datetime.fromisoformat(at)
            assert (await client.call("GET", OF_TICKET)).body == {"items": [made.body]}
            assert (await client.call("GET", ORG)).body == {"items": [made.body], "next_cursor": None}
            assert (await client.call("GET", f"{ORG}/{made.body['id']}")).body == made.body

    async def test_the_same_key_sets_one(self, served: Running, story: TicketStory):
        client, body = served.client(served.ours.viewer), {"at": ahead(hours=1)}
        key = {"Idempotency-Key": str(uuid4())}
        first = await client.call("POST", OF_TICKET, body, **key)
        again = await client.call("POST", f"/orgs/ours/tickets/{story.id}/reminders", body, **key)
        assert (first.status, again.status, again.body) == (201, 201, first.body)
        assert len((await client.call("GET", ORG)).body["items"]) == 1

    @pytest.mark.parametrize(
        ("body", "found"),
        [
            ({"at": "2020-01-01T00:00:00Z"}, [("/at", "in-the-past")]),
            ({"at": "2099-01-01T00:00:00Z"}, [("/at", "too-far")]),
            ({"at": "2099-01-01T00:00:00Z", "note": "x" * 201}, [("/note", "too-long")]),
            ({"note": "x"}, [("/at", "required")]),
            ({"at": "2099-01-01T00:00:00Z", "for": "me"}, [("/for", "unknown-field")]),
        ],
    )
    async def test_what_is_wrong_is_named(
        self, served: Running, story: TicketStory, body: dict[str, str], found: list[tuple[str, str]]
    ):
        answer = await served.client(served.ours.viewer).call("POST", OF_TICKET, body)
        assert (answer.status, codes(answer)) == (400, found)

    async def test_a_hundred_are_open_at_most_however_they_come(self, served: Running, story: TicketStory):
        client, other = served.client(served.ours.viewer), served.client(served.ours.member)
        for _ in range(95):
            await remind(client)
        body = {"at": ahead(hours=1)}
        answers = await asyncio.gather(*(client.call("POST", OF_TICKET, body) for _ in range(12)))
        assert sorted(answer.status for answer in answers) == [201] * 5 + [409] * 7
        refused = next(answer.body for answer in answers if answer.status == 409)
        assert (refused["type"], refused["limit"]) == ("/problems/too-many-reminders", 100)
        await remind(other)
        first = (await client.call("GET", ORG)).body["items"][0]
        assert (await client.call("DELETE", f"{ORG}/{first['id']}")).status == 204
        await remind(client)


class TestListing:
    async def test_the_next_comes_first_page_by_page(self, served: Running, story: TicketStory):
        client = served.client(served.ours.viewer)
        for hours in (5, 1, 4, 2, 3):
            await remind(client, note=str(hours), hours=hours)
        notes, query = list[str](), "?limit=2"
        while query:
            page = (await client.call("GET", f"{ORG}{query}")).body
            notes += [item["note"] for item in page["items"]]
            query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        assert notes == ["1", "2", "3", "4", "5"]
        cursor = (await client.call("GET", f"{ORG}?limit=2")).body["next_cursor"]
        stolen = await served.client(served.ours.member).call("GET", f"{ORG}?cursor={cursor}")
        assert (stolen.status, stolen.body["type"]) == (400, "/problems/invalid-cursor")

    async def test_those_of_a_deleted_ticket_are_away_until_it_comes_back(self, served: Running, story: TicketStory):
        client = served.client(served.ours.viewer)
        made = await remind(client)
        for event, count in ((story.deleted(by=served.ours.owner), 0), (story.restored(by=served.ours.owner), 1)):
            await served.send(event)
            await served.handled([event])
            assert len((await client.call("GET", ORG)).body["items"]) == count
            assert (await client.call("GET", f"{ORG}/{made['id']}")).status == (200 if count else 404)
            assert (await client.call("GET", OF_TICKET)).status == (200 if count else 404)


class TestChanging:
    async def test_by_version(self, served: Running, story: TicketStory):
        client = served.client(served.ours.viewer)
        made = await remind(client, note="Ask")
        path, at = f"{ORG}/{made['id']}", ahead(days=2)
        moved = await client.call("PATCH", path, {"at": at}, **{"If-Match": '"1"'})
        assert (moved.status, moved.headers["ETag"], moved.body["note"]) == (200, '"2"', "Ask")
        assert datetime.fromisoformat(moved.body["at"]) == datetime.fromisoformat(at)
        assert (await client.call("PATCH", path, {"note": None}, **{"If-Match": '"1"'})).status == 412
        assert (await client.call("PATCH", path, {"note": None}, **{"If-Match": '"2"'})).body["note"] is None
        assert (await client.call("PATCH", path, {})).body["version"] == 3
        assert codes(await client.call("PATCH", path, {"at": "2020-01-01T00:00:00Z"})) == [("/at", "in-the-past")]
        assert (await client.call("DELETE", path, **{"If-Match": '"2"'})).status == 412
        assert (await client.call("DELETE", path, **{"If-Match": '"3"'})).status == 204
        assert (await client.call("DELETE", path)).status == 404


class TestTold:
    async def test_as_a_row_of_the_inbox_with_its_note_and_once(self, served: Running, story: TicketStory):
        client = served.client(served.ours.viewer)
        await remind(client, note="Ask again", seconds=1)

        async def rows() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = (await client.call("GET", "/orgs/ours/inbox")).body["items"]
            return items

        (row,) = await eventually(rows, bool)
        assert (row["reason"], row["reasons"], row["note"]) == ("reminder", {"reminder": 1}, "Ask again")
        assert row["ticket"] == {"id": str(story.id), "number": 1}
        assert (await client.call("GET", ORG)).body["items"] == []
        assert served.process is not None
        async with aiohttp.ClientSession() as session:
            name = "opsdash_reminder_lateness_seconds_count"
            assert await metric_sample(session, f"{served.process.operations_url}/metrics", name) == 1


class TestOthers:
    async def test_nobody_sees_or_changes_those_of_another_person(self, served: Running, story: TicketStory):
        made = await remind(served.client(served.ours.viewer), note="Mine")
        owner = served.client(served.ours.owner)
        assert (await owner.call("GET", ORG)).body["items"] == []
        assert (await owner.call("GET", OF_TICKET)).body["items"] == []
        for method, body in (("GET", None), ("PATCH", {"note": "Theirs"}), ("DELETE", None)):
            assert (await owner.call(method, f"{ORG}/{made['id']}", body)).status == 404
        assert (await served.client(served.ours.viewer).call("GET", f"{ORG}/{made['id']}")).body == made

    @pytest.mark.parametrize("reference", ["0", "no", str(UUID(int=7))])
    async def test_an_unknown_one_is_404(self, served: Running, reference: str):
        client = served.client(served.ours.viewer)
        for method, body in (("GET", None), ("PATCH", {}), ("DELETE", None)):
            assert (await client.call(method, f"{ORG}/{reference}", body)).status == 404
