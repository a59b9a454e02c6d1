"""From a stored change to the topic: nothing lost, nothing invented, every ticket's events in order (G1, G3, G4, G13).

The topic is read by a witness without a group; verdicts compare what it saw with the history table.
"""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from opsdash_chassis.outbox.replay import replay
from opsdash_contracts.topics import TICKETS

from tests.integration.checks import (
    KILLED,
    assert_published_as_stored,
    assert_repeats_are_identical,
    eventually,
    metric,
    outbox_empty,
    query,
    scalar,
    stored_versions,
    try_to_create,
    versions,
)
from tests.integration.stacks import running
from tests.support.brokers import Witness
from tests.support.databases import ServiceDatabase
from tests.support.stack import Stack

pytestmark = pytest.mark.kafka

EPOCH = datetime(2026, 1, 31, 12, tzinfo=UTC)


class TestCrash:
    @pytest.mark.parametrize("point", ["before_publish", "after_publish_before_mark", "after_db_commit"])
    async def test_a_process_killed_at_this_point_loses_no_event(self, shared_stack: Stack, point: str):
        stack = shared_stack
        doomed = await stack.tickets(OPSDASH_CRASH_AT=point)
        answers = await asyncio.gather(*(try_to_create(stack, doomed, f"{point} {n}") for n in range(8)))
        assert await asyncio.to_thread(doomed.wait_exit, 10) == KILLED
        titles = {row["title"] for row in await query(stack, "SELECT title FROM tickets")}
        assert any(title.startswith(point) for title in titles), "the crash came before any commit"
        if point == "after_db_commit":
            assert None in answers, "the crash came after the answer"
        async with running(stack), Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            await outbox_empty(stack)
            stored = await stored_versions(stack)
            await witness.wait_until(lambda records: versions(records) >= stored)
            records = await witness.settle(quiet_seconds=0.3)
        assert versions(records) == stored
        assert stored >= {(answer, 1) for answer in answers if answer}
        await assert_published_as_stored(stack, records)
        repeats = assert_repeats_are_identical(records)
        assert (repeats > 0) or point != "after_publish_before_mark"


class TestRollback:
    async def test_a_change_that_was_rolled_back_leaves_no_event(self, shared_stack: Stack):
        stack, slug = shared_stack, shared_stack.workspace.ours.slug
        path = f"/orgs/{slug}/tickets"
        async with running(stack) as service:
            client = stack.client(service, stack.workspace.ours.admin)
            ticket = await client.create_ticket(slug, "kept")
            before = await stored_versions(stack)
            await query(stack, "ALTER TABLE outbox ADD CONSTRAINT refuse_all CHECK (position < 0) NOT VALID")
            assert (await client.call("PATCH", f"{path}/{ticket['id']}", {"title": "refused"})).status == 500
            assert (await client.call("POST", path, {"title": "refused"})).status == 500
            await query(stack, "ALTER TABLE outbox DROP CONSTRAINT refuse_all")
            stale = await client.call("PATCH", f"{path}/{ticket['id']}", {"title": "x"}, **{"If-Match": '"9"'})
            assert stale.status == 412
        await self.kill_while_a_write_waits(stack, path)
        assert await stored_versions(stack) == before
        assert not await query(stack, "SELECT 1 FROM tickets WHERE title IN ('refused', 'unfinished')")
        async with running(stack) as service, Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            after = await stack.client(service, stack.workspace.ours.admin).create_ticket(slug, "next")
            assert after["number"] == ticket["number"] + 1
            await witness.wait_until(lambda records: (after["id"], 1) in versions(records))
            assert versions(witness.records) == await stored_versions(stack)

    async def kill_while_a_write_waits(self, stack: Stack, path: str) -> None:
        """SIGKILL inside an open transaction: the row is written, its commit never comes."""
        victim = await stack.tickets()
        blocker = await asyncpg.connect(stack.database.admin_url)
        try:
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
                client = stack.client(victim, stack.workspace.ours.admin)
                write = asyncio.create_task(client.call("POST", path, {"title": "unfinished"}))

                async def waits() -> bool:
                    return bool(
                        await scalar(
                            stack,
                            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                            " AND wait_event_type = 'Lock' AND application_name = 'tickets'",
                        )
                    )

                await eventually(waits)
                victim.sigkill()
                with pytest.raises(aiohttp.ClientError):
                    await write
        finally:
            await blocker.close()


class TestParking:
    async def test_an_event_the_broker_never_takes_holds_up_its_own_ticket_only(self, shared_stack: Stack):
        stack = shared_stack
        stuck, other = str(uuid4()), str(uuid4())
        await self.insert_event(stack, stuck, 1, pad=1_100_000)
        await self.insert_event(stack, stuck, 2)
        await self.insert_event(stack, other, 1)
        async with running(stack) as service, Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:

            async def parked() -> bool:
                return await metric(service, "opsdash_outbox_parked_events") == 1

            await eventually(parked, service=service)
            await witness.wait_until(lambda records: (other, 1) in versions(records))
            ticket = await try_to_create(stack, service, "after the parked one")
            await witness.wait_until(lambda records: (ticket, 1) in versions(records))
            assert not {(stuck, 1), (stuck, 2)} & versions(witness.records)
            assert service.is_ready(), "one parked event is no reason to take no requests"
            await query(stack, "UPDATE history SET data = '{}' WHERE aggregate_id::text = $1", stuck)
            await query(stack, "UPDATE outbox SET parked_reason = NULL")
            await witness.wait_until(lambda records: (stuck, 2) in versions(records))
            ours = [record.header("ce_sequence") for record in witness.records if record.header("ce_subject") == stuck]
            assert ours == ["1", "2"]
            await outbox_empty(stack)

    async def insert_event(self, stack: Stack, aggregate: str, version: int, *, pad: int = 0) -> None:
        """No ticket grows that large through the API, so the rows are written by hand."""
        headers = json.dumps({"ce_subject": aggregate, "ce_sequence": str(version)})
        await query(
            stack,
            "WITH e AS (INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type,"
            " occurred_at, topic, headers, data)"
            " VALUES (gen_random_uuid(), $1, $2::text::uuid, $3, 'test', now(), $4, $5, $6)"
            " RETURNING event_id, org_id, aggregate_id)"
            " INSERT INTO outbox (event_id, org_id, aggregate_id) SELECT * FROM e",
            stack.workspace.ours.id, aggregate, version, TICKETS, headers, json.dumps({"pad": "x" * pad}),
        )  # fmt: skip


class TestReplay:
    async def test_events_since_a_time_come_in_version_order_whenever_their_transactions_began(
        self, tickets_database: ServiceDatabase
    ):
        """Version 3 waited for the row lock of version 2, so its transaction began earlier."""
        aggregate, began = uuid4(), {1: 0, 2: 20, 3: 10, 4: 30}
        connection = await asyncpg.connect(tickets_database.admin_url)
        try:
            for version, second in began.items():
                await connection.execute(
                    "INSERT INTO history (event_id, org_id, aggregate_id, aggregate_version, event_type, occurred_at,"
                    " topic, headers, data) VALUES (gen_random_uuid(), $1, $1, $2, 'test', $3, 'topic', '{}', '{}')",
                    aggregate, version, EPOCH + timedelta(seconds=second),
                )  # fmt: skip
            assert await replay(tickets_database.worker_url, since=EPOCH + timedelta(seconds=15)) == 3
            assert await replay(tickets_database.worker_url) == 0, "what still waits is not queued twice"
            queued = await connection.fetch(
                "SELECT aggregate_version FROM outbox JOIN history USING (event_id) WHERE replayed ORDER BY position"
            )
        finally:
            await connection.close()
        assert [row[0] for row in queued] == [2, 3, 4]
