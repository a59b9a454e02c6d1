"""What ties comments to their ticket: counts, first response, activity, deletion, and one service being away."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from opsdash_contracts.envelope import decode
from opsdash_contracts.topics import TICKETS

from tests.integration.checks import metric
from tests.support.brokers import Witness
from tests.support.measurements import eventually
from tests.support.services import settings_in
from tests.support.stack import Client
from tests.system.conftest import Door, at, new_ticket, visitor
from tests.system.test_comments import new_thread, write

#: As docs/reference/guarantees.md claims.
ANSWERED_SECONDS = 2.0


async def detail(client: Client, ticket: str) -> dict[str, Any]:
    answer = await client.call("GET", ticket)
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


@pytest.mark.kafka
class TestEffectsOnTheTicket:
    async def test_living_comments_are_counted_without_making_a_version(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        ticket = path.removesuffix("/comments")
        before = await detail(client, ticket)
        made = await asyncio.gather(*(write(client, path) for _ in range(3)))
        await client.call("DELETE", f"{path}/{made[0]['id']}")
        after = await eventually(lambda: detail(client, ticket), lambda body: body["comment_count"] == 2)
        assert (after["version"], after["first_response_at"]) == (before["version"], None)
        assert after["updated_at"] > before["updated_at"]
        assert len(after["comments"]["items"]) == 3

    async def test_the_first_comment_of_somebody_else_is_the_first_response(self, door: Door):
        owner, member, path = door.as_("owner"), door.as_("member"), await new_thread(door)
        ticket = path.removesuffix("/comments")
        await write(owner, path, "I should add that")
        first = await write(member, path, "We are on it")
        await write(door.as_("admin"), path, "So am I")
        after = await eventually(lambda: detail(owner, ticket), lambda body: body["comment_count"] == 3)
        assert (after["first_response_at"], after["version"]) == (first["created_at"], 2)
        key = after["id"].encode()
        async with Witness(door.api.stack.kafka.bootstrap_servers, TICKETS) as witness:
            await witness.wait_until(lambda records: len([r for r in records if r.key == key]) >= 2)
            event = decode(*next((r.headers, r.key, r.value) for r in reversed(witness.records) if r.key == key))
        assert (event.envelope.sequence, event.envelope.actor_id) == (2, door.api.ours.member)
        assert set(event.data.changes) == {"first_response_at"}

    async def test_activity_tells_both_histories_in_the_order_of_time(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        ticket = path.removesuffix("/comments")
        comment = await write(client, path)
        await client.call("PATCH", ticket, {"priority": "high"})
        await client.call("PATCH", f"{path}/{comment['id']}", {"body": "canary-text"})
        await client.call("DELETE", f"{path}/{comment['id']}")

        async def entries() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = (await client.call("GET", f"{ticket}/activity")).body["items"]
            return items

        told = await eventually(entries, lambda items: len(items) == 5)
        assert [entry["type"].partition(".")[::2] for entry in told] == [
            ("support_ticket", "created"), ("ticket_comment", "created"), ("support_ticket", "updated"),
            ("ticket_comment", "updated"), ("ticket_comment", "deleted"),
        ]  # fmt: skip
        assert [entry["comment_id"] for entry in told] == [None, comment["id"], None, comment["id"], comment["id"]]
        assert {entry["actor"]["name"] for entry in told} == {"owner of ours"}
        assert "canary-text" not in str(told)

    async def test_a_long_activity_comes_in_pages_without_gap_or_repeat(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        ticket = path.removesuffix("/comments")
        for number in range(15):
            await asyncio.gather(*(write(client, path) for _ in range(3)))
            await client.call("PATCH", ticket, {"title": f"Title {number}"})
        await eventually(lambda: detail(client, ticket), lambda body: body["comment_count"] == 45)
        first = (await client.call("GET", f"{ticket}/activity")).body
        rest = (await client.call("GET", f"{ticket}/activity?cursor={first['next_cursor']}")).body
        told = first["items"] + rest["items"]
        assert (len(first["items"]), len(told), rest["next_cursor"]) == (50, 61, None)
        assert len({entry["id"] for entry in told}) == 61
        versions = [entry["version"] for entry in told if entry["comment_id"] is None]
        assert versions == list(range(1, 17))


@pytest.fixture
def no_events(door: Door) -> Iterator[None]:
    """The broker is frozen."""
    os.kill(door.api.stack.kafka.pid, signal.SIGSTOP)
    yield
    os.kill(door.api.stack.kafka.pid, signal.SIGCONT)


class TestCascade:
    @pytest.mark.usefixtures("no_events")
    async def test_a_deleted_ticket_hides_its_comments_and_a_restored_one_shows_them_again(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        ticket, made = path.removesuffix("/comments"), await write(door.as_("owner"), path)
        direct, inside = Client(door.comments.url, client.headers), path.removeprefix("/api")

        assert (await client.call("DELETE", ticket)).status == 204
        at_the_door = [
            (await client.call(method, target, body)).status
            for method, target, body in (
                ("GET", path, None), ("POST", path, {"body": "late"}), ("GET", f"{path}/{made['id']}", None),
                ("PATCH", f"{path}/{made['id']}", {"body": "late"}), ("DELETE", f"{path}/{made['id']}", None),
                ("GET", ticket, None),
            )
        ]  # fmt: skip
        assert at_the_door == [404] * 6

        assert (await direct.call("GET", inside)).status == 404
        assert (await client.call("POST", f"{ticket}/restore")).status == 200
        assert (await client.call("GET", path)).body["items"] == [made]
        assert (await direct.call("GET", inside)).status == 200

    @pytest.mark.usefixtures("no_events")
    async def test_a_ticket_deleted_on_its_page_takes_no_comment_more(self, door: Door):
        ticket = await new_ticket(door)
        assert (await visitor(door, "admin").post(at(ticket, "/delete"), version=1)).status == 200
        late = await door.as_("member").call(
            "POST", f"/api/orgs/ours/tickets/{ticket['id']}/comments", {"body": "late"}
        )
        assert (late.status, late.body["type"]) == (404, "/problems/not-found")

    async def test_a_purge_takes_the_text_and_the_old_texts(self, door: Door):
        client, path = door.as_("owner"), await new_thread(door)
        ticket = path.removesuffix("/comments")
        made = await write(client, path, "purge-canary", mentions=[str(door.api.ours.admin)])
        await client.call("PATCH", f"{path}/{made['id']}", {"body": "purge-canary again"})
        await client.call("DELETE", ticket)
        await purge(door, ticket.rpartition("/")[2])

        async def left() -> list[asyncpg.Record]:
            return await door.comments_database.fetch(
                "SELECT body || body_html AS text FROM comments WHERE id = $1::uuid"
                " UNION ALL SELECT body FROM revisions WHERE comment_id = $1::uuid",
                made["id"],
            )

        rows = await eventually(left, lambda rows: [row["text"] for row in rows] == [""])
        assert len(rows) == 1
        dumped = await door.comments_database.fetch(
            "SELECT data::text FROM history WHERE aggregate_id = $1::uuid", made["id"]
        )
        assert "canary" not in str(dumped)
        assert (await client.call("GET", path)).status == 404


async def purge(door: Door, ticket_id: str) -> None:
    """Let thirty days pass for one ticket, then do what the service does every hour."""
    from opsdash_chassis.database.pools import Database
    from opsdash_tickets.retention.service import purge_expired
    from opsdash_tickets.settings import TicketsSettings

    environment = door.api.stack.tickets_environment
    settings = TicketsSettings(**settings_in(environment))
    database = Database(settings, name="purge")
    connection = await asyncpg.connect(door.api.stack.database.admin_url)

    async def purged() -> bool:
        """A ticket whose last comments are still being counted is locked, and left to the next time."""
        await purge_expired(database)
        return bool(
            await connection.fetchval("SELECT purged_at IS NOT NULL FROM tickets WHERE id = $1::uuid", ticket_id)
        )

    await database.open()
    try:
        await connection.execute(
            "UPDATE tickets SET deleted_at = now() - interval '31 days' WHERE id = $1::uuid", ticket_id
        )
        await eventually(purged)
    finally:
        await connection.close()
        await database.close()


class TestOneServiceAway:
    """From its first moment, with the gateway still counting on the service: what opens the circuit is timed too."""

    async def reached(self, door: Door, client: Client, ticket: str) -> None:
        """Wait until the circuit is closed and the ticket comes with its comments."""
        await eventually(lambda: detail(client, ticket), lambda body: body["comments"]["status"] == "available")
        assert await metric(door.gateway, "opsdash_dependency_up", dependency="comments") == 1

    async def first_answers(self, client: Client, ticket: str) -> list[float]:
        """Seconds that the first ones take: several at once, then one after the other."""
        took = await asyncio.gather(*(self.seconds_until_answered(client, ticket) for _ in range(6)))
        return [*took, *[await self.seconds_until_answered(client, ticket) for _ in range(5)]]

    async def seconds_until_answered(self, client: Client, ticket: str) -> float:
        started = time.monotonic()
        answer = await client.call("GET", ticket)
        took = time.monotonic() - started
        assert (answer.status, answer.headers["Retry-After"]) == (200, "2")
        assert answer.body["comments"] == {"status": "unavailable", "retry_after_seconds": 2}
        return took

    async def test_frozen_comments_are_told_apart_from_none_and_come_back_alone(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        ticket, made = path.removesuffix("/comments"), await write(door.as_("member"), path)
        await self.reached(door, client, ticket)
        door.comments.sigstop()
        try:
            assert max(await self.first_answers(client, ticket)) < ANSWERED_SECONDS
        finally:
            door.comments.sigcont()
        back = await eventually(lambda: detail(client, ticket), lambda body: body["comments"]["status"] == "available")
        assert back["comments"]["items"] == [made]

    async def test_killed_comments_do_not_take_the_ticket_along(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        ticket = path.removesuffix("/comments")
        await self.reached(door, client, ticket)
        door.comments.sigkill()
        try:
            assert max(await self.first_answers(client, ticket)) < ANSWERED_SECONDS
            refused = await client.call("POST", path, {"body": "x"})
            assert (refused.status, refused.body["type"]) == (503, "/problems/unavailable")
            assert int(refused.headers["Retry-After"]) >= 1
        finally:
            door.comments.start()
            await door.comments.ready()
        await eventually(lambda: detail(client, ticket), lambda body: body["comments"]["status"] == "available")

    async def test_frozen_tickets_are_503_for_the_detail_and_comments_go_on(self, door: Door):
        client, path = door.as_("member"), await new_thread(door)
        ticket, made = path.removesuffix("/comments"), await write(door.as_("member"), path)
        direct = Client(door.comments.url, client.headers)
        door.api.service.sigstop()
        try:
            answer = await client.call("GET", ticket)
            assert (answer.status, int(answer.headers["Retry-After"]) >= 1) == (503, True)
            assert (await client.call("GET", path)).body["items"] == [made]
            unknown = await direct.call("GET", "/orgs/ours/tickets/99999999/comments")
            assert (unknown.status, unknown.headers["Retry-After"]) == (503, "2")
        finally:
            door.api.service.sigcont()
        await eventually(lambda: client.call("GET", ticket), lambda answer: answer.status == 200)
