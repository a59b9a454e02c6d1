"""The live stream in front of the real services: what is told, to whom, in which order, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from typing import Any

import aiohttp
import pytest
from opsdash_chassis.service.clock import LEEWAY_SECONDS
from opsdash_contracts.workspace import Kind, Org, Plate, Removed

from tests.support.live_stream import LiveClient
from tests.support.measurements import eventually
from tests.support.workspace import OrgFixture, publish
from tests.system.conftest import Door

#: How long the token of a stream is accepted: a busy machine may take some of it until the stream has begun.
STREAM_SECONDS = 15
SECRET = "Nobody-but-readers-of-the-ticket-may-know"


def stream(
    door: Door, role: str = "viewer", org: OrgFixture | None = None, *, last_event_id: str | None = None
) -> LiveClient:
    where = org or door.api.ours
    client = door.as_(role, where)
    return LiveClient(f"{door.gateway.url}/api/orgs/{where.slug}/events", client.headers, last_event_id)


async def open_streams(door: Door) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{door.gateway.operations_url}/metrics") as answer:
        text = await answer.text()
    (value,) = re.findall(r"^opsdash_live_streams (\S+)$", text, re.MULTILINE)
    return int(float(value))


async def create(door: Door, **fields: str) -> dict[str, str]:
    answer = await door.as_("member").call("POST", "/api/orgs/ours/tickets", {"title": SECRET, **fields})
    assert answer.status == 201
    body: dict[str, str] = answer.body
    return body


class TestWhatIsTold:
    async def test_a_ticket_and_its_comments_by_id_and_number_but_never_their_text(self, door: Door):
        async with stream(door) as reader:
            await reader.started()
            ticket = await create(door, description=SECRET)
            path = f"/api/orgs/ours/tickets/{ticket['number']}"
            commented = await door.as_("admin").call("POST", f"{path}/comments", {"body": SECRET})
            await door.as_("member").call("PATCH", path, {"title": f"{SECRET} still", "description": "Else"})

            async def ours(kind: str, name: str) -> list[dict[str, Any]]:
                """Without what an earlier test left on its way."""
                return [one for one in reader.of(kind) if one[name] == ticket["id"]]

            # The comment is the first response.
            made, *changes = await eventually(lambda: ours("ticket", "id"), lambda found: len(found) == 3)
            (comment,) = await eventually(lambda: ours("comment", "ticket"))
        assert made == {
            "id": ticket["id"], "number": ticket["number"], "kind": "created", "version": 1,
            "changed": made["changed"], "by": str(door.api.ours.member),
        }  # fmt: skip
        assert ["description", "title"] in [change["changed"] for change in changes]
        assert comment == {
            "ticket": ticket["id"], "id": commented.body["id"], "kind": "created", "version": 1,
            "by": str(door.api.ours.admin),
        }  # fmt: skip
        assert SECRET not in json.dumps([message.data for message in reader.told])

    async def test_every_change_of_a_ticket_in_its_order(self, door: Door):
        async with stream(door) as reader:
            await reader.started()
            ticket = await create(door)
            for turn in range(10):
                status = "waiting" if turn % 2 else "in_progress"
                await door.as_("member").call("PATCH", f"/api/orgs/ours/tickets/{ticket['id']}", {"status": status})
            told = await reader.wait_for("ticket", 11)
        assert [one["version"] for one in told if one["id"] == ticket["id"]] == list(range(1, 12))

    async def test_a_burst_of_changes_counts_once(self, door: Door):
        async with stream(door) as reader:
            await reader.started()
            await asyncio.gather(*(create(door) for _ in range(10)))
            await reader.wait_for("ticket", 10)
            await reader.wait_for("counts")
        assert len(reader.of("counts")) < 10

    async def test_nothing_of_another_org(self, door: Door):
        async with stream(door, "owner", door.api.foreign) as theirs, stream(door) as ours:
            await theirs.started()
            await ours.started()
            await create(door)
            await ours.wait_for("counts")
            assert [message for message in theirs.told if message.event != "inbox"] == []  # that is their own


class TestTheAnswer:
    async def test_is_neither_kept_nor_buffered_nor_compressed(self, door: Door):
        async with stream(door) as reader:
            await reader.started()
            assert reader.answer is not None
            headers = reader.answer.headers
            assert headers["Content-Type"].startswith("text/event-stream")
            assert (headers["Cache-Control"], headers["X-Accel-Buffering"]) == ("no-store", "no")
            assert "Content-Encoding" not in headers
            assert 1000 <= (reader.retry or 0) <= 3000

    @pytest.mark.parametrize(
        ("slug", "org", "status", "problem"),
        [
            ("foreign", "ours", 404, "not-found"),
            ("Not-A-Slug", "ours", 404, "not-found"),
            ("free", "free", 403, "feature-not-available"),
        ],
    )
    async def test_is_the_owners_refusal(self, door: Door, slug: str, org: str, status: int, problem: str):
        client = door.as_("owner", getattr(door.api, org))
        answer = await client.call("GET", f"/api/orgs/{slug}/events")
        assert (answer.status, answer.body["type"]) == (status, f"/problems/{problem}")
        assert answer.headers["Content-Type"] == "application/problem+json"

    async def test_needs_a_token(self, door: Door):
        assert (await door.anonymous().call("GET", "/api/orgs/ours/events")).status == 401


class TestResuming:
    async def test_goes_on_without_gap_or_double(self, door: Door):
        async with stream(door) as first:
            await first.started()
            seen = await create(door)
            await first.wait_for("ticket")
        missed = [(await create(door))["id"] for _ in range(3)]
        async with stream(door, last_event_id=first.last_event_id) as second:
            told = await second.wait_for("ticket", 3)
            after = (await create(door))["id"]
            told = await second.wait_for("ticket", 4)
        assert sorted(one["id"] for one in told) == sorted([*missed, after])
        assert seen["id"] not in [one["id"] for one in told]
        assert second.of("resync") == []

    async def test_from_a_stream_that_was_told_nothing(self, door: Door):
        async with stream(door) as first:
            await first.started()
        missed = await create(door)
        async with stream(door, last_event_id=first.last_event_id) as second:
            assert [one["id"] for one in await second.wait_for("ticket")] == [missed["id"]]

    @pytest.mark.parametrize("unknown", ["0123456789ab-1", "nonsense", "-", "0123456789ab-99999999999999999999"])
    async def test_an_id_of_another_process_means_load_everything(self, door: Door, unknown: str):
        async with stream(door, last_event_id=unknown) as reader:
            await reader.wait_for("resync")
            assert reader.last_event_id != unknown


class TestItsEnd:
    async def test_the_client_leaves(self, door: Door):
        async with stream(door), stream(door):
            await eventually(lambda: open_streams(door), lambda count: count == 2)
        await eventually(lambda: open_streams(door), lambda count: count == 0)

    async def test_the_plate_goes_free(self, door: Door):
        org, ours = door.api.ours, stream(door)
        async with ours:
            await ours.started()
            gone = Org(org_id=org.id, slug=org.slug, name="Ours", plate=Plate.FREE, version=2)
            await publish(door.api.stack.kafka.bootstrap_servers, gone)
            async with asyncio.timeout(30):
                await ours.ended.wait()

        async def allowed() -> int:
            return (await door.as_("viewer").call("GET", "/api/orgs/ours/support")).status

        await eventually(allowed, lambda status: status == 403)
        back = Org(org_id=org.id, slug=org.slug, name="Ours", plate=org.plate, version=3)
        await publish(door.api.stack.kafka.bootstrap_servers, back)
        await eventually(allowed, lambda status: status == 200)

    async def test_the_membership_ends_and_that_of_others_goes_on(self, door: Door):
        client = door.as_("viewer", door.api.foreign)
        member = (await client.call("GET", "/api/orgs/foreign/support")).body["member_id"]
        async with stream(door, "viewer", door.api.foreign) as gone, stream(door, "owner", door.api.foreign) as stays:
            await gone.started()
            await stays.started()
            left = Removed(org_id=door.api.foreign.id, kind=Kind.MEMBER, id=member, version=9)
            await publish(door.api.stack.kafka.bootstrap_servers, left)
            async with asyncio.timeout(30):
                await gone.ended.wait()
            assert not stays.ended.is_set()

    async def test_the_token_expires(self, door: Door):
        """Its time and the tolerance of clocks are over in some seconds, in which the stream has to start."""
        expires = int(time.time()) - LEEWAY_SECONDS + STREAM_SECONDS
        token = door.api.stack.issuer.token(door.api.ours.member, exp=expires)
        url = f"{door.gateway.url}/api/orgs/ours/events"
        async with LiveClient(url, {"Authorization": f"Bearer {token}"}) as reader, asyncio.timeout(60):
            await reader.started()
            await reader.ended.wait()
            assert time.time() >= expires + LEEWAY_SECONDS

    async def test_too_many_streams_of_one_person(self, door: Door):
        async with contextlib.AsyncExitStack() as streams:
            for _ in range(20):
                await streams.enter_async_context(stream(door, "admin"))
            await eventually(lambda: open_streams(door), lambda count: count == 20)
            refused = await door.as_("admin").call("GET", "/api/orgs/ours/events")
            assert (refused.status, refused.body["type"]) == (429, "/problems/too-many-requests")
            assert "Retry-After" in refused.headers
