"""HEAD through the public door: wherever GET is, and a stream or an export ends with its head."""

from __future__ import annotations

from uuid import uuid4

import aiohttp
import pytest
from opsdash_gateway.rest.openapi import UPSTREAMS, upstream_document
from opsdash_gateway.sla.cron_job import CRON_PATH

from tests.support.measurements import eventually, metric_sample
from tests.support.services import published_document
from tests.support.stack import CRON_SECRET, WORKSPACE_TOKEN
from tests.system.conftest import Door, new_ticket
from tests.system.test_comments import TICKETS, write

READS = sorted(
    f"/api{path}" for owner in UPSTREAMS for path, item in upstream_document(owner)["paths"].items() if "get" in item
)


@pytest.mark.parametrize("path", [*READS, "/schema", "/livez", "/api/nothing"])
async def test_is_answered_as_get_is(door: Door, path: str):
    client = door.as_("owner")
    number = (await new_ticket(door))["number"]
    comment = await write(client, f"{TICKETS}/{number}/comments", "seen")
    address = path.format(
        slug="ours", reference=number, comment_id=comment["id"], reminder_id=uuid4(), channel_id=uuid4()
    )
    whole, head = await client.call("GET", address), await client.call("HEAD", address)
    assert (head.status, head.body) == (whole.status, "")
    assert head.headers["Content-Type"] == whole.headers["Content-Type"]
    assert head.headers.get("ETag") == whole.headers.get("ETag")


async def test_the_live_stream_ends_with_its_head(door: Door):
    head = await door.as_("owner").call("HEAD", "/api/orgs/ours/events")
    assert (head.status, head.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert (await door.as_("owner").call("HEAD", "/api/orgs/foreign/events")).status == 404
    address = f"{door.gateway.operations_url}/metrics"
    async with aiohttp.ClientSession() as session:
        await eventually(lambda: metric_sample(session, address, "opsdash_live_streams"), lambda open_: open_ == 0)


async def test_on_a_kept_connection_the_next_request_is_answered(door: Door):
    one, person = aiohttp.TCPConnector(limit=1), door.as_("owner").headers
    async with aiohttp.ClientSession(door.gateway.url, headers=person, connector=one) as session:
        for method in ("HEAD", "GET") * 3:
            async with session.request(method, TICKETS) as answer:
                assert (answer.status, bool(await answer.read())) == (200, method == "GET")


async def test_a_write_only_route_names_what_it_takes(door: Door):
    head = await door.as_("owner").call("HEAD", f"{TICKETS}/bulk")
    assert (head.status, head.headers["Allow"]) == (405, "OPTIONS, POST")


@pytest.mark.parametrize("path", published_document()["paths"])
async def test_every_path_names_what_it_takes(path: str, door: Door):
    """OPTIONS does, by whoever may call it, and so does the refusal of another method: as the document says."""
    described = {method.upper() for method in published_document()["paths"][path]} | {"OPTIONS"}
    if "GET" in described and path != CRON_PATH:
        described.add("HEAD")
    address = path.format(
        slug="ours",
        reference="1",
        comment_id=uuid4(),
        row_id=uuid4(),
        reminder_id=uuid4(),
        channel_id=uuid4(),
        kind="org",
        entity_id=uuid4(),
        event_type="sla.missed",
        file="v1.json",
    )
    client = door.as_("owner")
    if path.startswith(("/api/workspace", "/api/cron")):
        client = door.anonymous(Authorization=f"Bearer {CRON_SECRET if path == CRON_PATH else WORKSPACE_TOKEN}")
    asked = await client.call("OPTIONS", address)
    assert (asked.status, set(asked.headers["Allow"].split(", "))) == (204, described)
    refused = await client.call("TRACE", address)
    assert (refused.status, set(refused.headers["Allow"].split(", ")) - {"HEAD"}) == (405, described - {"HEAD"})
    assert refused.body["type"] == "/problems/method-not-allowed"
