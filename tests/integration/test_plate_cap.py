"""The plan cap: exact under load, freed by deleting, told once at 80 and at 100 percent."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import asyncpg
from opsdash_contracts.envelope import decode
from opsdash_contracts.topics import TICKETS
from opsdash_contracts.workspace import Plate

from tests.integration.stacks import Api
from tests.support.brokers import Witness
from tests.support.stack import Client
from tests.support.workspace import OrgFixture


async def counters(api: Api, org: OrgFixture) -> tuple[int, int]:
    """What the counter row says, and what there is."""
    connection = await asyncpg.connect(api.stack.database.worker_url)
    try:
        counted = await connection.fetchval("SELECT living_tickets FROM org_counters WHERE org_id = $1", org.id)
        not_deleted = await connection.fetchval(
            "SELECT count(*) FROM tickets WHERE org_id = $1 AND deleted_at IS NULL", org.id
        )
        return counted, not_deleted
    finally:
        await connection.close()


async def fill(api: Api, client: Client, org: OrgFixture, not_deleted: int) -> None:
    """Bring an org to a number of living tickets: one real, the rest as rows."""
    ticket = await client.create_ticket(org.slug)
    connection = await asyncpg.connect(api.stack.database.worker_url)
    await connection.execute(
        "INSERT INTO tickets (org_id, id, number, title, description, status, priority, category, created_by,"
        " created_at, updated_at, version) SELECT $1, gen_random_uuid(), n, 'filler', '', 'open', 'low', 'general',"
        " $2, now(), now(), 1 FROM generate_series(2, $3::int) n",
        org.id, org.owner, not_deleted,
    )  # fmt: skip
    await connection.execute(
        "UPDATE org_counters SET last_number = $2, living_tickets = $2 WHERE org_id = $1", org.id, not_deleted
    )
    await connection.close()
    assert ticket["number"] == 1


class TestPlateCap:
    async def test_at_cap_minus_one_fifty_parallel_creates_make_exactly_one(self, api: Api):
        org = OrgFixture("capped", Plate.SALES)
        client = await api.new_org(org)
        await fill(api, client, org, 499)
        answers = await asyncio.gather(
            *(client.call("POST", "/orgs/capped/tickets", {"title": "x"}) for _ in range(50))
        )
        assert Counter(answer.status for answer in answers) == {201: 1, 403: 49}
        refused = next(answer.body for answer in answers if answer.status == 403)
        assert (refused["type"], refused["limit"], refused["used"], refused["plate"]) == (
            "/problems/plan-limit-reached", 500, 500, "sales",
        )  # fmt: skip
        assert await counters(api, org) == (500, 500)

    async def test_deleting_frees_a_slot_and_restoring_needs_one(self, api: Api):
        org = OrgFixture("slots", Plate.SALES)
        client = await api.new_org(org)
        await fill(api, client, org, 500)
        assert (await client.call("DELETE", "/orgs/slots/tickets/1")).status == 204
        assert (await client.call("POST", "/orgs/slots/tickets", {"title": "x"})).body["number"] == 501
        refused = await client.call("POST", "/orgs/slots/tickets/1/restore")
        assert (refused.status, refused.body["type"]) == (403, "/problems/plan-limit-reached")
        assert (await client.call("DELETE", "/orgs/slots/tickets/501")).status == 204
        assert (await client.call("POST", "/orgs/slots/tickets/1/restore")).status == 200
        assert await counters(api, org) == (500, 500)

    async def test_one_notice_at_80_and_at_100_percent(self, api: Api):
        org = OrgFixture("noticed", Plate.SALES)
        client = await api.new_org(org)
        await fill(api, client, org, 398)
        async with Witness(api.stack.kafka.bootstrap_servers, TICKETS) as witness:
            for _ in range(3):
                await client.create_ticket("noticed")
            await fill_to(api, org, 498)
            for _ in range(2):
                await client.create_ticket("noticed")
            await witness.wait_until(lambda records: len(_notices(records, org)) >= 2)
            await witness.settle(quiet_seconds=0.5)
            notices = _notices(witness.records, org)
        assert [(notice.data.percent, notice.data.used, notice.data.version) for notice in notices] == [
            (80, 400, 1), (100, 500, 2),
        ]  # fmt: skip


async def fill_to(api: Api, org: OrgFixture, not_deleted: int) -> None:
    connection = await asyncpg.connect(api.stack.database.worker_url)
    await connection.execute("UPDATE org_counters SET living_tickets = $2 WHERE org_id = $1", org.id, not_deleted)
    await connection.close()


def _notices(records: list[Any], org: OrgFixture) -> list[Any]:
    events = [decode(record.headers, record.key, record.value) for record in records]
    return [event for event in events if event.envelope.type == "support_usage.noticed" and event.data.org_id == org.id]
