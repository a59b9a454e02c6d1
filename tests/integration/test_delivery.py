"""From a stored change to the topic: nothing lost, nothing invented, every ticket's events in order (G1, G3, G4, G13).

The topic is read by a witness without a group; verdicts compare what it saw with the history table.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from opsdash_chassis.replay import replay
from opsdash_chassis.topics import create_topics
from opsdash_contracts.topics import TICKETS

from tests.integration.conftest import NewStack
from tests.integration.ledger import (
    assert_first_deliveries_in_order,
    assert_repeats_are_identical,
    original_headers,
)
from tests.integration.stacks import SideBySide, running
from tests.integration.watching import (
    KILLED,
    command,
    eventually,
    metric,
    outbox_empty,
    query,
    scalar,
    stored_versions,
    versions,
)
from tests.support.databases import ServiceDatabase
from tests.support.service_process import ServiceProcess
from tests.support.stack import PARTITIONS, Stack
from tests.support.witness import Record, Witness

pytestmark = pytest.mark.kafka

OUTAGE_SECONDS = 30.0
EPOCH = datetime(2026, 1, 31, 12, tzinfo=UTC)
FROZEN_SECONDS = 17.0  # the relay's idle session timeout is 15


async def try_to_create(stack: Stack, service: ServiceProcess, title: str) -> str | None:
    """The new ticket's id; None when no answer came, so that its fate is unknown."""
    client = stack.client(service, stack.workspace.ours.admin)
    try:
        return str((await client.create_ticket(stack.workspace.ours.slug, title))["id"])
    except (aiohttp.ClientError, OSError):
        return None


async def assert_published_as_stored(stack: Stack, records: list[Record]) -> None:
    rows = await query(stack, "SELECT event_id::text, aggregate_id, headers::text, data::text FROM history")
    stored = {row["event_id"]: (json.loads(row["headers"]), row["data"]) for row in rows}
    for record in records:
        headers, data = stored[record.header("ce_id") or ""]
        assert dict(original_headers(record)) == {name: value.encode() for name, value in headers.items()}
        assert record.value == data.encode()


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

                await eventually(waits, timeout=5)
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


@pytest.fixture(scope="module", autouse=True)
async def slow(new_stack: NewStack) -> AsyncIterator[SideBySide]:
    """Started with the first test of the module, so that the quick ones run while these wait."""
    scenarios = SideBySide(outage=broker_outage(new_stack), zombie=frozen_leader(new_stack))
    yield scenarios
    await scenarios.close()


class TestSlow:
    async def test_a_broker_outage_costs_no_write_and_no_event(self, slow: SideBySide):
        await slow.outcome("outage")

    async def test_a_frozen_leader_that_wakes_up_reorders_nothing(self, slow: SideBySide):
        await slow.outcome("zombie")


async def broker_outage(new_stack: NewStack) -> None:
    async with new_stack() as stack:
        service = await stack.tickets()
        ids = [await try_to_create(stack, service, f"before {n}") for n in range(5)]
        await outbox_empty(stack)
        stack.kafka.kill()
        ids += await writes_during_outage(stack, service, str(ids[0]))
        assert await scalar(stack, "SELECT count(*) FROM outbox") >= len(ids) - 5
        await start_again(stack, service)
        await outbox_empty(stack, timeout=30)
        async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            stored = await stored_versions(stack)
            forgotten = set() if stack.kafka.keeps_records else {(str(ticket), 1) for ticket in ids[:5]}
            await witness.wait_until(lambda records: versions(records) == stored - forgotten)
            done = await command(stack.tickets_environment, "replay")
            assert done.returncode == 0, done.stderr
            assert done.stdout == f"tickets: {len(ids)} events queued again\n"
            await outbox_empty(stack)
            last = set(dict(sorted(stored)).items())
            await witness.wait_until(lambda records: versions(records) >= last)
            assert_repeats_are_identical(witness.records)
            await assert_published_as_stored(stack, witness.records)
            replayed = [record for record in witness.records if record.header("ce_replayed") == "true"]
        assert versions(replayed) == last
        assert {ticket for ticket, _ in last} == {str(ticket) for ticket in ids}


async def writes_during_outage(stack: Stack, service: ServiceProcess, known: str) -> list[str | None]:
    """Writes go on, answered at once, while nobody takes events; so do reads and the readiness probe."""
    ids, ends, slowest = [], time.monotonic() + OUTAGE_SECONDS, 0.0
    client = stack.client(service, stack.workspace.ours.admin)
    while time.monotonic() < ends:
        started = time.monotonic()
        ids.append(await try_to_create(stack, service, "during the outage"))
        path = f"/orgs/{stack.workspace.ours.slug}/tickets/{known}"
        assert (await client.call("PATCH", path, {"title": f"seen {started}"})).status == 200
        slowest = max(slowest, time.monotonic() - started)
        assert await asyncio.to_thread(service.status_of, "/readyz") == 200
        assert await asyncio.to_thread(service.status_of, "/livez") == 200
        await asyncio.sleep(0.5)
    assert None not in ids
    assert slowest < 3
    assert await metric(service, "opsdash_outbox_events") > 0, "an outbox that grows must be seen to grow"
    assert await metric(service, "opsdash_outbox_oldest_seconds") > 5
    return ids


async def start_again(stack: Stack, service: ServiceProcess) -> None:
    """A broker that forgot its topics makes them when asked; the service sleeps until they are as they should be."""
    service.sigstop()
    await asyncio.to_thread(stack.kafka.start)
    await create_topics(stack.kafka.bootstrap_servers, partitions=PARTITIONS)
    service.sigcont()


async def frozen_leader(new_stack: NewStack) -> None:
    async with new_stack() as stack:
        first = await stack.tickets()
        second = await stack.tickets()
        assert await metric(first, "opsdash_relay_leader") == 1
        assert await metric(second, "opsdash_relay_leader") == 0
        hot = [str(await try_to_create(stack, second, f"hot {n}")) for n in range(5)]
        async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            running = asyncio.Event()
            load = [asyncio.create_task(keep_updating(stack, second, ticket, running)) for ticket in hot for _ in "ab"]
            await witness.wait_for(50)
            first.sigstop()
            await asyncio.sleep(FROZEN_SECONDS)
            assert await metric(second, "opsdash_relay_leader") == 1, second.logs()
            first.sigcont()
            await first.wait_for_log("relay_interrupted")
            await asyncio.sleep(1)
            running.set()
            await asyncio.gather(*load)
            await outbox_empty(stack)
            stored = await stored_versions(stack)
            await witness.wait_until(lambda records: versions(records) >= stored)
            records = await witness.settle(quiet_seconds=0.5)
        assert versions(records) == stored
        assert len(records) > 300
        assert_first_deliveries_in_order(records)
        assert_repeats_are_identical(records)


async def keep_updating(stack: Stack, service: ServiceProcess, ticket: str, stop: asyncio.Event) -> None:
    client = stack.client(service, stack.workspace.ours.admin)
    while not stop.is_set():
        path = f"/orgs/{stack.workspace.ours.slug}/tickets/{ticket}"
        assert (await client.call("PATCH", path, {"title": f"{uuid4()}"})).status == 200
        await asyncio.sleep(0.15)
