"""A commit is published at once, whichever replica made it: the one that leads is told."""

from __future__ import annotations

import asyncio

import asyncpg
from opsdash_chassis.outbox.repository import CHANNEL
from opsdash_contracts.topics import TICKETS

from tests.integration.checks import eventually, metric, versions
from tests.support.brokers import Witness
from tests.support.stack import Stack

SELDOM = {"OPSDASH_RELAY_POLL_SECONDS": "10"}


async def test_a_replica_that_does_not_lead_tells_the_one_that_does(stack: Stack) -> None:
    leader = await stack.tickets(**SELDOM)

    async def leads() -> bool:
        return await metric(leader, "opsdash_relay_leader") == 1

    await eventually(leads, service=leader)
    standby, told = await stack.tickets(**SELDOM), asyncio.Event()
    listener = await asyncpg.connect(stack.database.admin_url)
    try:
        await listener.add_listener(CHANNEL, lambda *_: told.set())
        async with Witness(stack.kafka.bootstrap_servers, TICKETS) as witness:
            for service, tells in ((leader, False), (standby, True), (standby, True)):
                told.clear()
                client = stack.client(service, stack.workspace.ours.admin)
                ticket = await client.create_ticket(stack.workspace.ours.slug, "told at once")
                await witness.wait_until(lambda records, made=ticket["id"]: (made, 1) in versions(records))
                await asyncio.wait_for(told.wait(), 20) if tells else None
                assert told.is_set() is tells
    finally:
        await listener.close()
    assert await metric(standby, "opsdash_relay_leader") == 0
